// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace lectio {
namespace {

struct Pipe {
  int reader = -1;
  int writer = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    reader = ends[0];
    writer = ends[1];
  }
};

void redirect(int descriptor, const std::filesystem::path& path, int flags) {
  const int opened = ::open(path.c_str(), flags);
  if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(126);
}

// Not under a sanitizer: it reserves terabytes of address space before main.
void limit_memory([[maybe_unused]] std::int64_t bytes) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const rlimit limit{static_cast<rlim_t>(bytes), static_cast<rlim_t>(bytes)};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(126);
#endif
}

[[noreturn]] void become(const std::filesystem::path& binary,
                         const std::vector<std::string>& arguments, const ProcessOptions& options,
                         const Pipe& out, const Pipe& err) {
  redirect(STDIN_FILENO, options.input, O_RDONLY);
  if (options.output.empty()) {
    ::dup2(out.writer, STDOUT_FILENO);
  } else {
    redirect(STDOUT_FILENO, options.output, O_WRONLY);
  }
  ::dup2(err.writer, STDERR_FILENO);
  ::unsetenv("LECTIO_MODEL");
  for (const auto& [name, value] : options.environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (options.max_memory > 0) limit_memory(options.max_memory);
  constexpr uid_t kNobody = 65534;
  if (options.as_nobody && ::geteuid() == 0 && ::setuid(kNobody) != 0) ::_exit(126);

  std::vector<char*> argv = {const_cast<char*>(binary.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execv(binary.c_str(), argv.data());
  ::_exit(127);
}

// Both pipes are read together, so that neither can fill up and block the other.
void collect(pid_t child, const Pipe& out, const Pipe& err, const ProcessOptions& options,
             ProcessResult& result) {
  int interrupts = options.interrupts_after_output;
  const bool looks = options.kill_when || options.interrupt_when;
  std::array<pollfd, 2> ends = {pollfd{out.reader, POLLIN, 0}, pollfd{err.reader, POLLIN, 0}};
  const std::array<std::string*, 2> texts = {&result.out, &result.err};
  std::array<char, 4096> chunk{};
  int open_ends = 2;
  while (open_ends > 0) {
    if (::poll(ends.data(), ends.size(), looks ? 3 : -1) < 0) throw std::runtime_error("poll");
    if (options.kill_when && options.kill_when()) ::kill(child, SIGKILL);
    if (options.interrupt_when && options.interrupt_when()) ::kill(child, SIGINT);
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      const ssize_t count = ::read(ends[i].fd, chunk.data(), chunk.size());
      if (count <= 0) {
        ends[i].fd = -1;
        --open_ends;
        continue;
      }
      texts[i]->append(chunk.data(), static_cast<std::size_t>(count));
      for (; i == 0 && interrupts > 0; --interrupts) ::kill(child, SIGINT);
    }
  }
}

}  // namespace

ProcessResult run_process(const std::filesystem::path& binary,
                          const std::vector<std::string>& arguments,
                          const ProcessOptions& options) {
  const Pipe out;
  const Pipe err;
  if (options.closed_pipe) ::close(out.reader);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) become(binary, arguments, options, out, err);

  ::close(out.writer);
  ::close(err.writer);
  ProcessResult result;
  if (options.closed_pipe) {
    const Pipe nothing;
    ::close(nothing.writer);
    collect(child, nothing, err, options, result);
    ::close(nothing.reader);
  } else {
    collect(child, out, err, options, result);
    ::close(out.reader);
  }
  ::close(err.reader);
  int status = 0;
  ::waitpid(child, &status, 0);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace lectio

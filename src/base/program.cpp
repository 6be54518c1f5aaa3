// SPDX-License-Identifier: Apache-2.0
#include "base/program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/file_descriptor.h"

namespace lectio {
namespace {

constexpr int kInputDescriptor = 3;
constexpr int kCannotStart = 127;
constexpr std::size_t kErrorKept = 4096;
constexpr int kLookUpMs = 50;  // how often the clock and the stop token are looked at

struct Pipe {
  FileDescriptor reader;
  FileDescriptor writer;
  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    reader = FileDescriptor(ends[0]);
    writer = FileDescriptor(ends[1]);
    return true;
  }
};

void limit(__rlimit_resource what, std::int64_t amount, std::int64_t warning = 0) {
  const rlimit value{static_cast<rlim_t>(amount - warning), static_cast<rlim_t>(amount)};
  if (::setrlimit(what, &value) != 0) ::_exit(kCannotStart);
}

// In the child, between fork and exec: nothing here takes memory or a lock.
[[noreturn]] void become(const ProgramRequest& request, char* const* argv, int out, int err,
                         pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotStart);  // it died before we asked
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);

  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0) ::_exit(kCannotStart);
  if (::dup2(out, STDOUT_FILENO) < 0 || ::dup2(err, STDERR_FILENO) < 0) ::_exit(kCannotStart);
  if (request.input >= 0 && ::dup2(request.input, kInputDescriptor) < 0) ::_exit(kCannotStart);
  // Where it was 3 already, dup2 left it to be closed.
  if (request.input == kInputDescriptor) ::fcntl(kInputDescriptor, F_SETFD, 0);
  ::close_range(request.input >= 0 ? kInputDescriptor + 1 : kInputDescriptor, ~0U, 0);

  limit(RLIMIT_AS, request.limits.address_space);
  limit(RLIMIT_CPU, request.limits.cpu_seconds + 1, 1);  // first SIGXCPU, then the end
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, 64);
  char locale[] = "LC_ALL=C";
  char home[] = "HOME=/nonexistent";
  char path[] = "PATH=/usr/bin:/bin";
  char* const environment[] = {locale, home, path, nullptr};
  ::execve(request.program.c_str(), argv, environment);
  ::_exit(kCannotStart);
}

// A running child; killed with its whole group and waited for at the end, whatever happens.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ < 0) return;
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);  // it may not have its group yet
    wait();
  }

  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t pid_;
};

Error cannot_start(const ProgramRequest& request, int code) {
  return Error(
      code == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
      request.program.string() + ": cannot start: " + std::generic_category().message(code));
}

Error over_limit(const ProgramRequest& request, const std::string& what) {
  return Error(ErrorCode::kTooLarge, request.program.filename().string() + ": more than " + what);
}

// What the child says, until it has closed both pipes and ended.
class Listener {
 public:
  Listener(const ProgramRequest& request, int out, int err, int ended)
      : request_(request),
        ends_{pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}, pollfd{ended, POLLIN, 0}} {}

  Result<void> listen(ProgramResult& result) {
    const auto begin = std::chrono::steady_clock::now();
    while (std::any_of(ends_.begin(), ends_.end(), [](const pollfd& end) { return end.fd >= 0; })) {
      if (request_.stop.stop_requested()) {
        return Error(ErrorCode::kCancelled, request_.program.filename().string() + ": stopped");
      }
      if (std::chrono::steady_clock::now() - begin > request_.limits.time) {
        return over_limit(request_, std::to_string(request_.limits.time.count()) + " ms");
      }
      if (::poll(ends_.data(), ends_.size(), kLookUpMs) < 0 && errno != EINTR) {
        return cannot_start(request_, errno);
      }
      LECTIO_TRY_VOID(take(ends_[0], result.out));
      LECTIO_TRY_VOID(take(ends_[1], result.err));
      if (ends_[2].revents != 0) ends_[2].fd = -1;
    }
    return {};
  }

 private:
  Result<void> take(pollfd& end, std::string& text) {
    if (end.fd < 0 || end.revents == 0) return {};
    const ssize_t count = ::read(end.fd, chunk_.data(), chunk_.size());
    if (count < 0 && errno == EINTR) return {};
    if (count <= 0) {
      end.fd = -1;
      return {};
    }
    const bool is_error = &end == &ends_[1];
    auto kept = static_cast<std::size_t>(count);
    if (is_error) {
      kept = std::min(kept, kErrorKept - std::min(kErrorKept, text.size()));
    } else if (static_cast<std::int64_t>(text.size() + kept) > request_.limits.output_bytes) {
      return over_limit(request_, std::to_string(request_.limits.output_bytes) + " bytes");
    }
    text.append(chunk_.data(), kept);
    return {};
  }

  const ProgramRequest& request_;
  std::array<pollfd, 3> ends_;
  std::array<char, 1 << 16> chunk_{};
};

}  // namespace

Result<ProgramResult> run_program(const ProgramRequest& request) {
  if (::access(request.program.c_str(), X_OK) != 0) return cannot_start(request, errno);
  Pipe out;
  Pipe err;
  if (!out.open() || !err.open()) return cannot_start(request, errno);
  std::string name = request.program.string();
  std::vector<std::string> arguments = request.arguments;
  std::vector<char*> argv = {name.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return cannot_start(request, errno);
  if (pid == 0) become(request, argv.data(), out.writer.get(), err.writer.get(), parent);
  Child child(pid);
  out.writer.close();
  err.writer.close();
  const FileDescriptor ended(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (ended.get() < 0) return cannot_start(request, errno);

  ProgramResult result;
  LECTIO_TRY_VOID(
      Listener(request, out.reader.get(), err.reader.get(), ended.get()).listen(result));
  result.code = child.wait();
  if (result.code == kCannotStart) return cannot_start(request, EACCES);
  if (result.code == 128 + SIGXCPU) {
    return over_limit(request, std::to_string(request.limits.cpu_seconds) + " s of processor time");
  }
  return result;
}

}  // namespace lectio

// SPDX-License-Identifier: Apache-2.0
#include "base/program.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "base/file.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;

// The tests may use a shell; the code never does.
ProgramRequest shell(const std::string& script) {
  ProgramRequest request;
  request.program = "/bin/sh";
  request.arguments = {"-c", script};
  return request;
}

TEST(Program, GivesOutputErrorsAndExitStatus) {
  const auto result = run_program(shell("echo text; echo complaint >&2; exit 7"));
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->out, "text\n");
  EXPECT_EQ(result->err, "complaint\n");
  EXPECT_EQ(result->code, 7);
}

TEST(Program, ArgumentsAreHandedOverAsTheyAre) {
  ProgramRequest request;
  request.program = "/bin/echo";
  request.arguments = {"a b", "$HOME", "`id`", "*"};
  EXPECT_EQ(run_program(request)->out, "a b $HOME `id` *\n");
}

TEST(Program, ReadsTheFileThatItIsGivenAndNothingElseIsOpen) {
  const auto path = std::filesystem::path(testing::TempDir()) / "lectio_program_input";
  ASSERT_TRUE(write_file_atomic(path, "what is in the file"));
  const int other = ::open(path.c_str(), O_RDONLY);  // would be inherited
  const int input = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ProgramRequest request =
      shell(std::string("cat ") + kProgramInput + "; ls /proc/self/fd | wc -w");
  request.input = input;
  // 0, 1, 2, 3 and the folder itself.
  EXPECT_EQ(run_program(request)->out, "what is in the file5\n");
  ::close(other);
  ::close(input);
  std::filesystem::remove(path);
}

TEST(Program, SeesNothingOfOurEnvironment) {
  ::setenv("LECTIO_TEST_SECRET", "secret", 1);
  const auto result = run_program(shell("env"));
  ::unsetenv("LECTIO_TEST_SECRET");
  EXPECT_THAT(result->out, testing::Not(HasSubstr("secret")));
}

TEST(Program, WritesNoFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "lectio_program_output";
  const auto result = run_program(shell("echo text > " + path.string()));
  ASSERT_TRUE(result);
  EXPECT_NE(result->code, 0);
  EXPECT_EQ(std::filesystem::exists(path) ? std::filesystem::file_size(path) : 0, 0U);
  std::filesystem::remove(path);
}

TEST(Program, IsStoppedAtItsLimits) {
  ProgramRequest slow = shell("sleep 30");
  slow.limits.time = std::chrono::milliseconds(100);
  EXPECT_EQ(run_program(slow).error().code(), ErrorCode::kTooLarge);

  ProgramRequest loud = shell("yes");
  loud.limits.output_bytes = 1'000'000;
  EXPECT_EQ(run_program(loud).error().code(), ErrorCode::kTooLarge);

  ProgramRequest busy = shell("while :; do :; done");
  busy.limits.cpu_seconds = 1;
  EXPECT_EQ(run_program(busy).error().code(), ErrorCode::kTooLarge);

  ProgramRequest greedy = shell("x=a; while :; do x=$x$x; done");
  greedy.limits.address_space = std::int64_t{100} << 20;
  const auto result = run_program(greedy);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_NE(result->code, 0);
}

TEST(Program, DiesWithAllItsChildrenWhenStopped) {
  const auto marker = std::filesystem::path(testing::TempDir()) / "lectio_program_marker";
  std::filesystem::remove(marker);
  std::stop_source stop;
  ProgramRequest request = shell("(sleep 1; mkdir " + marker.string() + ") & sleep 30");
  request.stop = stop.get_token();
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  EXPECT_EQ(run_program(request).error().code(), ErrorCode::kCancelled);
  stopper.join();
  std::this_thread::sleep_for(std::chrono::milliseconds(1300));
  EXPECT_FALSE(std::filesystem::exists(marker));
}

TEST(Program, ThatIsNotThereIsAnErrorThatNamesIt) {
  ProgramRequest request;
  request.program = "/nowhere/program";
  const auto result = run_program(request);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(result.error().message(), HasSubstr("/nowhere/program"));
}

}  // namespace
}  // namespace lectio

/* SPDX-License-Identifier: Apache-2.0
 *
 * The C interface from C: compiled by a C compiler, linked with the shared library alone. */
#include <lectio/lectio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define EXPECT(condition)                                                      \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                              \
    }                                                                          \
  } while (0)

static char heard[65536];

static int hear(const char* piece, size_t bytes, void* user) {
  (void)user;
  strncat(heard, piece, bytes);
  return 0;
}

static int stop_at_once(const char* piece, size_t bytes, void* user) {
  (void)piece;
  (void)bytes;
  ++*(int*)user;
  return 1;
}

static void test_reading(lectio_engine* engine, const char* path) {
  lectio_error error;
  lectio_options options;
  lectio_options_init(&options);
  options.mode = "tiny";
  options.max_tokens = 24;
  options.on_text = hear;
  lectio_result* result = lectio_read_file(engine, path, 0, &options, &error);
  EXPECT(result != NULL);
  if (result == NULL) return;
  EXPECT(error.status == LECTIO_OK);
  EXPECT(strcmp(lectio_result_verdict(result), "truncated") == 0);
  EXPECT(strlen(lectio_result_text(result)) > 0);
  EXPECT(strcmp(lectio_result_text(result), heard) == 0);
  EXPECT(lectio_result_text_bytes(result) == strlen(heard));
  EXPECT(lectio_result_vision_tokens(result) == 73);
  EXPECT(lectio_result_tokens(result) == 24);
  EXPECT(lectio_result_confidence(result) > 0 && lectio_result_confidence(result) <= 1);
  EXPECT(strstr(lectio_result_evidence_json(result), "\"max_tokens\"") != NULL);
  lectio_result_free(result);

  int calls = 0;
  options.on_text = stop_at_once;
  options.user = &calls;
  EXPECT(lectio_read_file(engine, path, 0, &options, &error) == NULL);
  EXPECT(error.status == LECTIO_CANCELLED);
  EXPECT(calls >= 1);

  options.on_text = NULL;
  options.mode = "enormous";
  EXPECT(lectio_read_file(engine, path, 0, &options, &error) == NULL);
  EXPECT(error.status == LECTIO_INVALID_ARGUMENT);
  EXPECT(lectio_read_file(engine, path, 1, NULL, &error) == NULL);
  EXPECT(error.status == LECTIO_INVALID_ARGUMENT);
}

static void test_inputs(lectio_engine* engine, const char* path) {
  lectio_error error;
  EXPECT(lectio_count_pages(path, &error) == 1);
  EXPECT(lectio_count_pages("/nowhere.png", &error) == -1);
  EXPECT(error.status == LECTIO_INVALID_INPUT);
  EXPECT(strstr(error.message, "/nowhere.png") != NULL);
  EXPECT(lectio_read_bytes(engine, "no picture", 10, 0, NULL, &error) == NULL);
  EXPECT(error.status == LECTIO_INVALID_INPUT);
  EXPECT(lectio_read_bytes(engine, NULL, 10, 0, NULL, NULL) == NULL);

  uint8_t* white = malloc(100 * 320);
  memset(white, 255, 100 * 320);
  lectio_result* blank = lectio_read_rgb(engine, white, 100, 100, 320, NULL, &error);
  EXPECT(blank != NULL);
  if (blank != NULL) {
    EXPECT(strcmp(lectio_result_verdict(blank), "blank") == 0);
    EXPECT(lectio_result_text_bytes(blank) == 0);
    EXPECT(lectio_result_confidence(blank) == -1);
  }
  lectio_result_free(blank);
  EXPECT(lectio_read_rgb(engine, white, 100, 100, 299, NULL, &error) == NULL);
  EXPECT(error.status == LECTIO_INVALID_ARGUMENT);
  free(white);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  lectio_error error;
  EXPECT(strlen(lectio_version()) > 0);
  EXPECT(lectio_engine_open("/nowhere", 1, &error) == NULL);
  EXPECT(error.status != LECTIO_OK && strlen(error.message) > 0);
  EXPECT(lectio_engine_open(NULL, 1, NULL) == NULL);
  lectio_engine_close(NULL);
  lectio_result_free(NULL);

  lectio_engine* engine = lectio_engine_open(argv[1], 2, &error);
  EXPECT(engine != NULL);
  if (engine != NULL) {
    test_reading(engine, argv[2]);
    test_inputs(engine, argv[2]);
  }
  lectio_engine_close(engine);
  return failures == 0 ? 0 : 1;
}

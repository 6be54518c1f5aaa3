/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the pages of a document:  cc read_page.c $(pkg-config --cflags --libs lectio) -o read_page
 *                                 ./read_page MODEL_FOLDER DOCUMENT */
#include <lectio/lectio.h>
#include <stdio.h>

static int failed(const lectio_error* error) {
  fprintf(stderr, "%s\n", error->message);
  return (int)error->status;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s MODEL_FOLDER DOCUMENT\n", argv[0]);
    return LECTIO_INVALID_ARGUMENT;
  }
  lectio_error error;
  lectio_engine* engine = lectio_engine_open(argv[1], 0, &error);
  if (engine == NULL) return failed(&error);
  const int64_t pages = lectio_count_pages(argv[2], &error);
  int code = pages < 0 ? failed(&error) : 0;
  for (int64_t page = 0; page < pages; ++page) {
    lectio_result* result = lectio_read_file(engine, argv[2], page, NULL, &error);
    if (result == NULL) {
      code = failed(&error);
      continue;
    }
    printf("%s\n", lectio_result_text(result));
    fprintf(stderr, "page %lld: %s\n", (long long)page + 1, lectio_result_verdict(result));
    lectio_result_free(result);
  }
  lectio_engine_close(engine);
  return code;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Lectio for C: open a model, read pages, look at what came of them.
 *
 * Strings are UTF-8 and end with a zero byte. What a function gives belongs to the caller and is
 * given back with the function named beside it; what an accessor gives lives as long as its object.
 * An engine reads one page at a time: calls on the same engine from several threads are the
 * caller's to order; different engines are independent. Nothing here prints, exits or throws. */
#ifndef LECTIO_LECTIO_H
#define LECTIO_LECTIO_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define LECTIO_API __attribute__((visibility("default")))
#else
#define LECTIO_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Frozen numbers: those of the command line where the meaning is the same. */
typedef enum lectio_status {
  LECTIO_OK = 0,
  LECTIO_INVALID_INPUT = 2,   /* a document or picture that is missing, damaged or too large */
  LECTIO_MISSING_PROGRAM = 3, /* what PDF files are opened with is not installed */
  LECTIO_IO = 5,              /* a path that cannot be read */
  LECTIO_ENCRYPTED = 8,       /* a document that opens with a password alone */
  LECTIO_INVALID_MODEL = 13,  /* configuration, weights or tokenizer that cannot be used */
  LECTIO_OUT_OF_MEMORY = 14,
  LECTIO_INTERNAL = 15, /* a bug */
  LECTIO_INVALID_ARGUMENT = 64,
  LECTIO_CANCELLED = 130
} lectio_status;

/* Filled in where a call fails; may be NULL where nobody asks. */
typedef struct lectio_error {
  lectio_status status;
  char message[1024]; /* cut off where it is longer */
} lectio_error;

typedef struct lectio_engine lectio_engine;
typedef struct lectio_result lectio_result;

typedef struct lectio_options {
  size_t size; /* sizeof(lectio_options), set by lectio_options_init: new fields come at the end */
  const char* mode;   /* "tiny" ... "gundam-m"; NULL: by the page's size */
  const char* prompt; /* with one <image>; NULL: "<image>\nFree OCR." */
  int64_t max_tokens;
  double temperature; /* 0: the likeliest token */
  uint64_t seed;
  double dpi;  /* that PDF pages are rendered at; 0: by the mode */
  int recover; /* 0: a text that runs into a loop ends there; 1: other attempts are made */
  /* Called with pieces of the text as they come, valid UTF-8, not ended by a zero byte. May be
   * NULL. Returning anything but 0 stops the reading, which then fails with LECTIO_CANCELLED. */
  int (*on_text)(const char* piece, size_t bytes, void* user);
  void* user;
} lectio_options;

LECTIO_API const char* lectio_version(void);
LECTIO_API void lectio_options_init(lectio_options* options);

/* threads: 0 is one a core. NULL on failure. */
LECTIO_API lectio_engine* lectio_engine_open(const char* model_folder, int threads,
                                             lectio_error* error);
LECTIO_API void lectio_engine_close(lectio_engine* engine); /* NULL is allowed */

/* Pages of a document or picture file; -1 on failure. */
LECTIO_API int64_t lectio_count_pages(const char* path, lectio_error* error);

/* Reads a page of a file, from 0. options: NULL for the defaults. NULL on failure. A page that was
 * read badly is no failure: see lectio_result_verdict. */
LECTIO_API lectio_result* lectio_read_file(lectio_engine* engine, const char* path, int64_t page,
                                           const lectio_options* options, lectio_error* error);
/* The same for a file in memory. */
LECTIO_API lectio_result* lectio_read_bytes(lectio_engine* engine, const void* bytes, size_t size,
                                            int64_t page, const lectio_options* options,
                                            lectio_error* error);
/* The same for pixels: rows of width * 3 bytes (red, green, blue), stride bytes from row to row. */
LECTIO_API lectio_result* lectio_read_rgb(lectio_engine* engine, const uint8_t* pixels,
                                          int64_t width, int64_t height, int64_t stride,
                                          const lectio_options* options, lectio_error* error);
LECTIO_API void lectio_result_free(lectio_result* result); /* NULL is allowed */

LECTIO_API const char* lectio_result_text(const lectio_result* result);
LECTIO_API size_t lectio_result_text_bytes(const lectio_result* result);
/* "ok", "blank", "truncated", "repetition", "low_confidence" or "degraded" */
LECTIO_API const char* lectio_result_verdict(const lectio_result* result);
LECTIO_API const char* lectio_result_evidence_json(const lectio_result* result);
LECTIO_API double lectio_result_confidence(const lectio_result* result); /* 0 to 1; -1: not known */
LECTIO_API int64_t lectio_result_vision_tokens(const lectio_result* result);
LECTIO_API int64_t lectio_result_tokens(const lectio_result* result); /* of the text */

#ifdef __cplusplus
}
#endif

#endif

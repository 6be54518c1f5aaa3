// SPDX-License-Identifier: Apache-2.0
// What the user names becomes a list of files: files, folders, patterns, standard input.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace lectio {

struct InputFile {
  std::filesystem::path path;  // "-": standard input
  // Where its results go below an output folder, without an ending: the name without extension
  // behind the folders that it was found in. No two inputs have the same.
  std::filesystem::path place;
  // Found in a folder, not named: a file there that is no document is passed over.
  bool found = false;
};

// A name that promises a document or a picture: .pdf, .png, .tif and so on. What was found in a
// folder under another name and is none is no failure.
bool has_document_name(const std::filesystem::path& path);

// Folders are walked to the bottom, by name, without hidden files and links to folders; a name that
// does not exist but has *, ? or [ is a pattern for files. A name that leads to nothing stays in
// the list, to fail in its place. Where two files would have the same place, both keep their
// extension; if that is not enough, they are numbered. kIo for a folder that cannot be read.
Result<std::vector<InputFile>> find_inputs(const std::vector<std::string>& names);

}  // namespace lectio

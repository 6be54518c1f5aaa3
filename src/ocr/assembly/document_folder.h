// SPDX-License-Identifier: Apache-2.0
// A document on its way to disk, page by page, in all formats that were asked for.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "ocr/assembly/assemble.h"
#include "ocr/assembly/made_page.h"
#include "ocr/export/formats.h"
#include "ocr/pages/page.h"

namespace lectio {

struct FolderOptions {
  std::vector<Format> formats;
  std::filesystem::path folder;  // of all documents; made where it is missing
  bool self_contained = false;   // HTML with its pictures inside
  // The file that the pages come from. Where it is a PDF, Format::kPdf is that file with the text
  // over its pages, made by `PROGRAM overlay-pdf` (overlay_program.h); both empty: pictures.
  std::filesystem::path original;
  std::filesystem::path overlay_program;
};

// FOLDER/NAME/NAME.md, NAME.txt, NAME.html, NAME.json, NAME.hocr, NAME.alto.xml, NAME.pdf,
// NAME_content_list.json, NAME.docling.json, NAME.jsonl; NAME_0001.page.xml and
// NAME_0001_layout.png a page; images/ for figures; mmd/NAME.mmd and mmd/images/ under the names of
// the official runner. Each file is written whole or not at all: the
// pictures with their page, the others at the end. One thread at a time. Kept in memory are the
// tree, the pages' pictures as JPEG where a PDF is asked for (an original may turn out not to carry
// text), and figures where HTML is to hold them.
class DocumentFolder {
 public:
  // document.pages is empty; the rest leads the files.
  DocumentFolder(FolderOptions options, Document document);
  DocumentFolder(DocumentFolder&&) noexcept;
  DocumentFolder& operator=(DocumentFolder&&) noexcept;
  ~DocumentFolder();

  // Everything of a page that its picture is needed for. Writes nothing.
  MadePage make_page(const Page& page, const PageText& text, const AssemblyOptions& options) const;
  // kIo where a picture cannot be written.
  Result<void> add(MadePage made);
  // Both.
  Result<void> add_page(const Page& page, const PageText& text, const AssemblyOptions& options);
  // A page without a picture, one that could not be read: it keeps its place in the formats that
  // need none.
  void add_missing_page(DocumentPage page);
  // The paths of all files of the document.
  Result<std::vector<std::filesystem::path>> finish();
  // What became other than it was asked for, and why; after finish.
  const std::vector<std::string>& notes() const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

// Names of documents in one folder: the file's stem, with -2, -3 and so on where it was taken.
class DocumentNames {
 public:
  std::string name_for(const std::filesystem::path& source);

 private:
  std::set<std::string> taken_;
};

}  // namespace lectio

// SPDX-License-Identifier: Apache-2.0
#include "ocr/assembly/document_folder.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "media/image/encode.h"
#include "media/image/resize.h"
#include "media/pdf/pdf_writer.h"
#include "ocr/answer/grounding.h"
#include "ocr/answer/markup.h"
#include "ocr/answer/runner_text.h"
#include "ocr/assembly/overlay_program.h"
#include "ocr/export/page_pictures.h"

namespace lectio {
namespace {

constexpr int kFigureQuality = 95;  // as the official runner's
constexpr int kPageQuality = 85;

std::string page_suffix(std::size_t place) {
  char text[24];
  std::snprintf(text, sizeof(text), "_%04zu", place + 1);
  return text;
}

const char* ending_of(Format format) {
  switch (format) {
    case Format::kMarkdown:
      return ".md";
    case Format::kText:
      return ".txt";
    case Format::kHtml:
      return ".html";
    case Format::kJson:
      return ".json";
    case Format::kHocr:
      return ".hocr";
    case Format::kAlto:
      return ".alto.xml";
    case Format::kPageXml:
      return ".page.xml";
    case Format::kPdf:
      return ".pdf";
    case Format::kOverlay:
      return "_layout.png";
    case Format::kContentList:
      return "_content_list.json";
    case Format::kDocling:
      return ".docling.json";
    case Format::kDolma:
      return ".jsonl";
    case Format::kRunner:
      return ".mmd";
  }
  return "";
}

// Formats that refer to figures by their names.
bool shows_figures(Format format) {
  return format == Format::kMarkdown || format == Format::kHtml || format == Format::kJson ||
         format == Format::kContentList;
}

// A picture that the official runner would have cut out (spec 9.2).
struct RunnerPicture {
  std::size_t page = 0;    // among the pages that it keeps
  std::size_t number = 0;  // of boxes labelled image on the page, those without a picture included
  bool kept = false;       // its page: the model ended the text
  std::string jpeg;
};

std::string cut(const Image& image, const Box& box) {
  return encode_jpeg(crop(image, box.x0, box.y0, box.width(), box.height()), kFigureQuality);
}

std::vector<std::string> cut_figures(const DocumentPage& page, const Image& image) {
  std::vector<std::string> files;
  for (const FigureBox& figure : figures_of(page, 0)) {
    files.push_back(figure.box.empty() ? figure.block->svg : cut(image, figure.box));
  }
  return files;
}

std::vector<MadePage::RunnerPicture> cut_runner_pictures(const DocumentPage& page,
                                                         const Image& image) {
  std::vector<MadePage::RunnerPicture> pictures;
  std::size_t number = 0;
  for (const RunnerItem& item : runner_items(page.answer)) {
    if (item.label != "image") continue;
    for (const ModelBox& model_box : parse_boxes(trimmed(item.det)).boxes) {
      const Box box = to_pixels(model_box, page.width, page.height);
      const std::size_t here = number++;
      if (!box.empty()) pictures.push_back({here, cut(image, box)});
    }
  }
  return pictures;
}

}  // namespace

struct DocumentFolder::Data {
  FolderOptions options;
  Document document;
  std::filesystem::path folder;
  std::vector<std::filesystem::path> written;
  std::optional<PdfWriter> pdf;
  std::optional<PdfWriter> layer;  // the text alone, for the pages of the original
  PdfOverlay overlay;
  std::vector<std::string> notes;
  std::map<std::string, std::string> figures;  // by name, for HTML that holds them
  std::vector<RunnerPicture> runner_pictures;  // their names depend on all pages
  std::size_t kept_pages = 0;                  // of the runner

  bool wants(Format format) const {
    return std::find(options.formats.begin(), options.formats.end(), format) !=
           options.formats.end();
  }
  bool wants_figures() const {
    return std::any_of(options.formats.begin(), options.formats.end(), shows_figures);
  }
  Result<void> write(const std::string& name, const std::string& bytes);
  Result<void> write_figures(const MadePage& made);
  void take_runner_pictures(MadePage& made);
  Result<void> write_runner();
  Result<void> add_to_pdf(MadePage& made);
  Result<std::string> pdf_bytes();
  Result<void> write_text(Format format);
};

Result<void> DocumentFolder::Data::write(const std::string& name, const std::string& bytes) {
  const std::filesystem::path path = folder / name;
  std::error_code problem;
  std::filesystem::create_directories(path.parent_path(), problem);
  if (problem) {
    return Error(ErrorCode::kIo,
                 path.parent_path().string() + ": cannot make the folder: " + problem.message());
  }
  LECTIO_TRY_VOID(write_file_atomic(path, bytes));
  written.push_back(path);
  return {};
}

Result<void> DocumentFolder::Data::write_figures(const MadePage& made) {
  const std::vector<FigureBox> boxes = figures_of(made.page, document.pages.size());
  if (boxes.size() != made.figures.size()) {
    return Error(ErrorCode::kInvalidInput, made.page.source + ": expected " +
                                               std::to_string(boxes.size()) + " figures, found " +
                                               std::to_string(made.figures.size()));
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    LECTIO_TRY_VOID(write(boxes[i].name, made.figures[i]));
    if (options.self_contained && wants(Format::kHtml)) figures[boxes[i].name] = made.figures[i];
  }
  return {};
}

void DocumentFolder::Data::take_runner_pictures(MadePage& made) {
  const bool kept = made.page.finish == "stop";
  for (MadePage::RunnerPicture& picture : made.runner_pictures) {
    runner_pictures.push_back({kept_pages, picture.number, kept, std::move(picture.jpeg)});
  }
  if (kept) ++kept_pages;
}

// A folder of its own: its pictures have other names than ours.
Result<void> DocumentFolder::Data::write_runner() {
  LECTIO_TRY_VOID(
      write("mmd/" + document.name + ending_of(Format::kRunner), to_runner_text(document)));
  const bool one_page = document.pages.size() == 1;
  for (const RunnerPicture& picture : runner_pictures) {
    if (!one_page && !picture.kept) continue;
    const std::string page = one_page ? "" : std::to_string(picture.page) + "_";
    LECTIO_TRY_VOID(
        write("mmd/images/" + page + std::to_string(picture.number) + ".jpg", picture.jpeg));
  }
  return {};
}

Result<void> DocumentFolder::Data::add_to_pdf(MadePage& made) {
  const DocumentPage& page = made.page;
  PdfPage picture = pdf_page(page, "");
  if (layer) {
    LECTIO_TRY_VOID(layer->add_page(picture));
    std::int64_t letters = 0;
    for (const PdfWord& word : picture.words) letters += std::ssize(word.text);
    overlay.pages.push_back(page.index);
    overlay.letters.push_back(letters);
  }
  picture.jpeg = std::move(made.jpeg);
  return pdf->add_page(picture);
}

Result<std::string> DocumentFolder::Data::pdf_bytes() {
  if (layer) {
    LECTIO_TRY(overlay.layer, layer->finish(document.name, document.producer));
    auto bytes = overlay_in_process(options.overlay_program, options.original, overlay);
    if (bytes) return bytes;
    notes.push_back(document.source +
                    ": the searchable PDF has pictures of its pages, not the pages themselves: " +
                    bytes.error().message());
  }
  return pdf->finish(document.name, document.producer);
}

Result<void> DocumentFolder::Data::write_text(Format format) {
  const std::string name = document.name + ending_of(format);
  switch (format) {
    case Format::kMarkdown:
      return write(name, to_markdown(document));
    case Format::kText:
      return write(name, to_text(document));
    case Format::kHtml:
      return write(name, to_html(document, [this](const std::string& figure) {
                     const auto found = figures.find(figure);
                     return found == figures.end() ? std::nullopt : std::optional(found->second);
                   }));
    case Format::kJson:
      return write(name, to_json(document));
    case Format::kHocr:
      return write(name, to_hocr(document));
    case Format::kAlto:
      return write(name, to_alto(document));
    case Format::kContentList:
      return write(name, to_content_list(document));
    case Format::kDocling:
      return write(name, to_docling(document));
    case Format::kDolma:
      return write(name, to_dolma(document));
    case Format::kRunner:
      return write_runner();
    case Format::kPageXml:
      for (std::size_t i = 0; i < document.pages.size(); ++i) {
        LECTIO_TRY_VOID(
            write(document.name + page_suffix(i) + ending_of(format), to_page_xml(document, i)));
      }
      return {};
    case Format::kPdf: {
      LECTIO_TRY(const std::string bytes, pdf_bytes());
      return write(name, bytes);
    }
    case Format::kOverlay:  // written with its page
      return {};
  }
  return {};
}

DocumentFolder::DocumentFolder(FolderOptions options, Document document)
    : data_(std::make_unique<Data>()) {
  data_->folder = options.folder / document.name;
  data_->options = std::move(options);
  data_->document = std::move(document);
  if (!data_->wants(Format::kPdf)) return;
  data_->pdf.emplace();
  const FolderOptions& how = data_->options;
  if (!how.overlay_program.empty() && is_pdf_file(how.original)) data_->layer.emplace();
}
DocumentFolder::DocumentFolder(DocumentFolder&&) noexcept = default;
DocumentFolder& DocumentFolder::operator=(DocumentFolder&&) noexcept = default;
DocumentFolder::~DocumentFolder() = default;

MadePage DocumentFolder::make_page(const Page& page, const PageText& text,
                                   const AssemblyOptions& options) const {
  MadePage made;
  made.page = assemble_page(page, text, options);
  if (data_->wants_figures()) made.figures = cut_figures(made.page, page.image);
  if (data_->wants(Format::kRunner)) {
    made.runner_pictures = cut_runner_pictures(made.page, page.image);
  }
  if (data_->wants(Format::kOverlay)) {
    made.layout_png = encode_png(draw_overlay(made.page, page.image));
  }
  if (data_->pdf) made.jpeg = encode_jpeg(page.image, kPageQuality);
  return made;
}

Result<void> DocumentFolder::add(MadePage made) {
  Data& data = *data_;
  if (data.wants_figures()) LECTIO_TRY_VOID(data.write_figures(made));
  if (data.wants(Format::kRunner)) data.take_runner_pictures(made);
  if (data.wants(Format::kOverlay)) {
    LECTIO_TRY_VOID(data.write(
        data.document.name + page_suffix(data.document.pages.size()) + ending_of(Format::kOverlay),
        made.layout_png));
  }
  if (data.pdf) LECTIO_TRY_VOID(data.add_to_pdf(made));
  data.document.pages.push_back(std::move(made.page));
  return {};
}

Result<void> DocumentFolder::add_page(const Page& page, const PageText& text,
                                      const AssemblyOptions& options) {
  return add(make_page(page, text, options));
}

void DocumentFolder::add_missing_page(DocumentPage page) {
  data_->document.pages.push_back(std::move(page));
}

Result<std::vector<std::filesystem::path>> DocumentFolder::finish() {
  for (const Format format : data_->options.formats) LECTIO_TRY_VOID(data_->write_text(format));
  return std::move(data_->written);
}

const std::vector<std::string>& DocumentFolder::notes() const { return data_->notes; }

std::string DocumentNames::name_for(const std::filesystem::path& source) {
  std::string stem = source.stem().string();
  if (stem.empty() || stem == "-" || stem == "." || stem == "..") stem = "page";
  std::string name = stem;
  for (int number = 2; !taken_.insert(name).second; ++number) {
    name = stem + "-" + std::to_string(number);
  }
  return name;
}

}  // namespace lectio

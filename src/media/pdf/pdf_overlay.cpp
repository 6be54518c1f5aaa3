// SPDX-License-Identifier: Apache-2.0
#include "media/pdf/pdf_overlay.h"

#include <qpdf/Buffer.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <qpdf/QPDFPageObjectHelper.hh>
#include <qpdf/QPDFWriter.hh>

#include <charconv>
#include <cmath>
#include <exception>
#include <utility>

namespace lectio {
namespace {

constexpr double kMostOff = 2;  // points, of a page's sides: sizes are rounded to pixels
constexpr std::string_view kMark = "lectio overlay 1\n";

// Counts the bytes of strings that a content stream shows.
class ShownText : public QPDFObjectHandle::ParserCallbacks {
 public:
  void handleObject(QPDFObjectHandle object) override {
    if (!object.isOperator()) {
      count(object);
      return;
    }
    const std::string name = object.getOperatorValue();
    if (name == "Tj" || name == "TJ" || name == "'" || name == "\"") shown_ += pending_;
    pending_ = 0;
  }
  void handleEOF() override {}
  std::int64_t shown() const { return shown_; }

 private:
  void count(QPDFObjectHandle& object) {
    if (object.isString()) {
      pending_ += static_cast<std::int64_t>(object.getStringValue().size());
    } else if (object.isArray()) {
      for (QPDFObjectHandle item : object.getArrayAsVector()) {
        if (item.isString()) {
          pending_ += static_cast<std::int64_t>(item.getStringValue().size());
        }
      }
    }
  }

  std::int64_t pending_ = 0;
  std::int64_t shown_ = 0;
};

std::int64_t text_shown_by(QPDFPageObjectHelper page) {
  ShownText text;
  page.parseContents(&text);
  page.forEachFormXObject(true, [&](QPDFObjectHandle& form, QPDFObjectHandle&, const std::string&) {
    QPDFPageObjectHelper(form).parseContents(&text);
  });
  return text.shown();
}

struct Size {
  double width = 0, height = 0;
};

// As the page is shown: its crop box, turned.
Size shown_size(QPDFPageObjectHelper page) {
  const QPDFObjectHandle::Rectangle box = page.getCropBox().getArrayAsRectangle();
  Size size{std::abs(box.urx - box.llx), std::abs(box.ury - box.lly)};
  QPDFObjectHandle rotate = page.getAttribute("/Rotate", false);
  const auto turn = rotate.isInteger() ? rotate.getIntValue() : 0;
  if (turn % 180 != 0) std::swap(size.width, size.height);
  return size;
}

Error wrong(const std::string& what) { return Error(ErrorCode::kInvalidInput, "PDF: " + what); }

Result<void> overlay_page(QPDF& pdf, QPDFPageObjectHelper page, QPDFPageObjectHelper layer,
                          std::int64_t number) {
  const Size original = shown_size(page);
  const Size text = shown_size(layer);
  if (!(std::abs(original.width - text.width) <= kMostOff &&
        std::abs(original.height - text.height) <= kMostOff)) {
    return wrong("page " + std::to_string(number + 1) +
                 ": expected the size that was read, found another");
  }
  // A form of the whole layer page, placed upright on the page as it is shown.
  QPDFObjectHandle form = pdf.copyForeignObject(layer.getFormXObjectForPage());
  QPDFObjectHandle resources = page.getAttribute("/Resources", true);
  if (!resources.isDictionary()) {
    resources = QPDFObjectHandle::newDictionary();
    page.getObjectHandle().replaceKey("/Resources", resources);
  }
  QPDFObjectHandle forms = resources.getKey("/XObject");
  forms = forms.isDictionary() ? forms.shallowCopy() : QPDFObjectHandle::newDictionary();
  resources.replaceKey("/XObject", forms);
  int suffix = 1;
  const std::string name = resources.getUniqueResourceName("/LectioText", suffix);
  const std::string placed =
      page.placeFormXObject(form, name, page.getCropBox().getArrayAsRectangle(), true, true, true);
  if (placed.empty()) return wrong("page " + std::to_string(number + 1) + ": it has no area");
  forms.replaceKey(name, form);
  page.addPageContents(QPDFObjectHandle::newStream(&pdf, "q\n"), true);
  page.addPageContents(QPDFObjectHandle::newStream(&pdf, "\nQ\n" + placed), false);
  return {};
}

Result<std::string> overlaid(const std::string& original, const PdfOverlay& overlay) {
  QPDF pdf;
  pdf.setSuppressWarnings(true);
  pdf.setAttemptRecovery(false);
  pdf.processMemoryFile("original", original.data(), original.size());
  if (pdf.isEncrypted()) return Error(ErrorCode::kEncrypted, "PDF: it is encrypted");
  QPDF layer;
  layer.processMemoryFile("layer", overlay.layer.data(), overlay.layer.size());
  std::vector<QPDFPageObjectHelper> pages = QPDFPageDocumentHelper(pdf).getAllPages();
  std::vector<QPDFPageObjectHelper> texts = QPDFPageDocumentHelper(layer).getAllPages();
  if (texts.size() != overlay.pages.size() || texts.size() != overlay.letters.size()) {
    return wrong("layer: expected a place for each page");
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::int64_t number = overlay.pages[i];
    if (number < 0 || number >= static_cast<std::int64_t>(pages.size())) {
      return wrong("expected a page " + std::to_string(number + 1) + ", found " +
                   std::to_string(pages.size()) + " pages");
    }
    QPDFPageObjectHelper page = pages[static_cast<std::size_t>(number)];
    const std::int64_t shown = text_shown_by(page);
    if (shown > 0 && 2 * shown >= overlay.letters[i]) continue;
    LECTIO_TRY_VOID(overlay_page(pdf, page, texts[i], number));
  }
  if (pdf.anyWarnings()) return wrong("damaged: " + std::string(pdf.getWarnings().front().what()));

  QPDFWriter writer(pdf);
  writer.setOutputMemory();
  writer.setDeterministicID(true);
  writer.write();
  const std::shared_ptr<Buffer> buffer = writer.getBufferSharedPointer();
  return std::string(reinterpret_cast<const char*>(buffer->getBuffer()), buffer->getSize());
}

// A decimal number up to `end`, which is taken, too.
bool take_number(std::string_view& text, char end, std::int64_t& number) {
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || rest == text.data() + text.size() || *rest != end) return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()) + 1);
  return number >= 0;
}

}  // namespace

Result<std::string> overlay_text(std::string original, const PdfOverlay& overlay) {
  try {
    return overlaid(original, overlay);
  } catch (const std::exception& problem) {
    return wrong(std::string("damaged: ") + problem.what());
  }
}

std::string to_overlay_request(std::string_view original, const PdfOverlay& overlay) {
  std::string bytes(kMark);
  bytes += std::to_string(overlay.pages.size()) + "\n";
  for (std::size_t i = 0; i < overlay.pages.size(); ++i) {
    bytes += std::to_string(overlay.pages[i]) + " " + std::to_string(overlay.letters[i]) + "\n";
  }
  bytes += std::to_string(overlay.layer.size()) + "\n";
  bytes += overlay.layer;
  bytes += original;
  return bytes;
}

Result<OverlayRequest> parse_overlay_request(std::string_view bytes) {
  const auto broken = [] { return wrong("broken request for an overlay"); };
  if (bytes.substr(0, kMark.size()) != kMark) return broken();
  bytes.remove_prefix(kMark.size());
  std::int64_t count = 0;
  if (!take_number(bytes, '\n', count)) return broken();
  OverlayRequest request;
  for (; count > 0; --count) {
    std::int64_t page = 0;
    std::int64_t letters = 0;
    if (!take_number(bytes, ' ', page) || !take_number(bytes, '\n', letters)) return broken();
    request.overlay.pages.push_back(page);
    request.overlay.letters.push_back(letters);
  }
  std::int64_t size = 0;
  if (!take_number(bytes, '\n', size) || size > static_cast<std::int64_t>(bytes.size())) {
    return broken();
  }
  request.overlay.layer = bytes.substr(0, static_cast<std::size_t>(size));
  request.original = bytes.substr(static_cast<std::size_t>(size));
  return request;
}

}  // namespace lectio

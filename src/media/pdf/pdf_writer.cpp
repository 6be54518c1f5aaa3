// SPDX-License-Identifier: Apache-2.0
#include "media/pdf/pdf_writer.h"

#include <qpdf/Buffer.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <qpdf/QPDFPageObjectHelper.hh>
#include <qpdf/QPDFWriter.hh>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <unordered_map>

#include "base/utf8.h"
#include "media/pdf/glyphless_font.h"

namespace lectio {
namespace {

// Four decimals: a ten-thousandth of a point.
std::string number(double value) {
  char text[48];
  std::snprintf(text, sizeof(text), "%.4f", value);
  return text;
}

std::string hex16(std::uint32_t value) {
  char text[8];
  std::snprintf(text, sizeof(text), "%04X", value & 0xFFFFU);
  return text;
}

std::string utf16_hex(char32_t code) {
  if (code < 0x10000) return hex16(code);
  const char32_t rest = code - 0x10000;
  return hex16(0xD800 + (rest >> 10)) + hex16(0xDC00 + (rest & 0x3FF));
}

Error failed(const std::exception& problem) {
  return Error(ErrorCode::kInvalidInput, std::string("PDF: cannot be written: ") + problem.what());
}

}  // namespace

struct PdfWriter::Data {
  QPDF pdf;
  QPDFObjectHandle font;  // shared by all pages; its maps are written at the end
  QPDFObjectHandle to_unicode, to_glyph;
  std::unordered_map<char32_t, std::uint32_t> codes;
  std::vector<char32_t> characters;  // by code; code 0 is none

  void begin();
  std::uint32_t code_of(char32_t character);
  std::string content_of(const PdfPage& page);
  std::string unicode_map() const;
};

void PdfWriter::Data::begin() {
  pdf.emptyPDF();
  characters.push_back(0);
  QPDFObjectHandle file = QPDFObjectHandle::newStream(&pdf, glyphless_font());
  QPDFObjectHandle descriptor = QPDFObjectHandle::parse(
      "<< /Type /FontDescriptor /FontName /Glyphless /Flags 5 /FontBBox [0 -200 500 800] "
      "/ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 800 /StemV 80 >>");
  descriptor.replaceKey("/FontFile2", file);
  to_glyph = QPDFObjectHandle::newStream(&pdf, std::string());
  QPDFObjectHandle descendant = QPDFObjectHandle::parse(
      "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Glyphless /DW 500 "
      "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>");
  descendant.replaceKey("/FontDescriptor", pdf.makeIndirectObject(descriptor));
  descendant.replaceKey("/CIDToGIDMap", to_glyph);
  to_unicode = QPDFObjectHandle::newStream(&pdf, std::string());
  QPDFObjectHandle whole = QPDFObjectHandle::parse(
      "<< /Type /Font /Subtype /Type0 /BaseFont /Glyphless /Encoding /Identity-H >>");
  QPDFObjectHandle descendants = QPDFObjectHandle::newArray();
  descendants.appendItem(pdf.makeIndirectObject(descendant));
  whole.replaceKey("/DescendantFonts", descendants);
  whole.replaceKey("/ToUnicode", to_unicode);
  font = pdf.makeIndirectObject(whole);
}

// Codes are given out as characters come: 65,535 different ones, then U+FFFD.
std::uint32_t PdfWriter::Data::code_of(char32_t character) {
  if (characters.size() > 0xFFFE && codes.find(character) == codes.end()) {
    character = kReplacementCharacter;
  }
  const auto [place, is_new] =
      codes.try_emplace(character, static_cast<std::uint32_t>(characters.size()));
  if (is_new) characters.push_back(character);
  return place->second;
}

std::string PdfWriter::Data::content_of(const PdfPage& page) {
  std::string content;
  if (!page.jpeg.empty()) {
    content +=
        "q " + number(page.width) + " 0 0 " + number(page.height) + " 0 0 cm /Picture Do Q\n";
  }
  content += "BT 3 Tr\n";  // 3: neither filled nor stroked
  for (const PdfWord& word : page.words) {
    std::string codes_hex;
    std::int64_t count = 0;
    for (std::size_t at = 0; at < word.text.size();) {
      const DecodedChar next = decode_utf8(word.text, at);
      at += next.size;
      codes_hex += hex16(code_of(next.code));
      ++count;
    }
    const double size = word.bottom - word.top;
    if (count == 0 || size <= 0 || word.x1 <= word.x0) continue;
    // Stretched so that the word's characters fill its box; a space behind it parts the words.
    const double natural = static_cast<double>(count) * size * kGlyphlessAdvance / kGlyphlessUnits;
    const double stretch = 100 * (word.x1 - word.x0) / natural;
    const double baseline = page.height - word.bottom - size * kGlyphlessDescent / kGlyphlessUnits;
    content += "/Text " + number(size) + " Tf " + number(stretch) + " Tz 1 0 0 1 " +
               number(word.x0) + " " + number(baseline) + " Tm <" + codes_hex +
               hex16(code_of(' ')) + "> Tj\n";
  }
  return content + "ET\n";
}

std::string PdfWriter::Data::unicode_map() const {
  std::string map =
      "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
      "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
      "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
      "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n";
  constexpr std::size_t kMostAtOnce = 100;  // of the format
  for (std::size_t begin = 1; begin < characters.size(); begin += kMostAtOnce) {
    const std::size_t end = std::min(characters.size(), begin + kMostAtOnce);
    map += std::to_string(end - begin) + " beginbfchar\n";
    for (std::size_t code = begin; code < end; ++code) {
      map += "<" + hex16(static_cast<std::uint32_t>(code)) + "> <" + utf16_hex(characters[code]) +
             ">\n";
    }
    map += "endbfchar\n";
  }
  return map + "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n";
}

PdfWriter::PdfWriter() : data_(std::make_unique<Data>()) { data_->begin(); }
PdfWriter::PdfWriter(PdfWriter&&) noexcept = default;
PdfWriter& PdfWriter::operator=(PdfWriter&&) noexcept = default;
PdfWriter::~PdfWriter() = default;

Result<void> PdfWriter::add_page(const PdfPage& page) {
  try {
    QPDF& pdf = data_->pdf;
    QPDFObjectHandle object = QPDFObjectHandle::parse(
        "<< /Type /Page /Resources << /XObject << >> /Font << >> >> /MediaBox [0 0 " +
        number(page.width) + " " + number(page.height) + "] >>");
    QPDFObjectHandle resources = object.getKey("/Resources");
    if (!page.jpeg.empty()) {
      QPDFObjectHandle picture = QPDFObjectHandle::newStream(&pdf, page.jpeg);
      picture.replaceDict(QPDFObjectHandle::parse(
          "<< /Type /XObject /Subtype /Image /ColorSpace /DeviceRGB /BitsPerComponent 8 "
          "/Filter /DCTDecode >>"));
      picture.getDict().replaceKey("/Width", QPDFObjectHandle::newInteger(page.pixels_across));
      picture.getDict().replaceKey("/Height", QPDFObjectHandle::newInteger(page.pixels_down));
      resources.getKey("/XObject").replaceKey("/Picture", picture);
    }
    resources.getKey("/Font").replaceKey("/Text", data_->font);
    object.replaceKey("/Contents", QPDFObjectHandle::newStream(&pdf, data_->content_of(page)));
    QPDFPageDocumentHelper(pdf).addPage(QPDFPageObjectHelper(pdf.makeIndirectObject(object)),
                                        false);
  } catch (const std::exception& problem) {
    return failed(problem);
  }
  return {};
}

Result<std::string> PdfWriter::finish(const std::string& title, const std::string& producer) {
  try {
    QPDF& pdf = data_->pdf;
    const QPDFObjectHandle none = QPDFObjectHandle::newNull();
    data_->to_unicode.replaceStreamData(data_->unicode_map(), none, none);
    std::string glyphs(2 * data_->characters.size(), '\0');
    for (std::size_t i = 3; i < glyphs.size(); i += 2) glyphs[i] = 1;  // all but code 0
    data_->to_glyph.replaceStreamData(glyphs, none, none);
    QPDFObjectHandle info = QPDFObjectHandle::newDictionary();
    info.replaceKey("/Title", QPDFObjectHandle::newUnicodeString(title));
    info.replaceKey("/Producer", QPDFObjectHandle::newUnicodeString(producer));
    pdf.getTrailer().replaceKey("/Info", pdf.makeIndirectObject(info));

    QPDFWriter writer(pdf);
    writer.setOutputMemory();
    writer.setDeterministicID(true);
    writer.setObjectStreamMode(qpdf_o_generate);
    writer.write();
    const std::shared_ptr<Buffer> buffer = writer.getBufferSharedPointer();
    return std::string(reinterpret_cast<const char*>(buffer->getBuffer()), buffer->getSize());
  } catch (const std::exception& problem) {
    return failed(problem);
  }
}

}  // namespace lectio

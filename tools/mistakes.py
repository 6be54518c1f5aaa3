#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts known mistakes into the source, one at a time, and demands that a test notices.

    tools/mistakes.py [--build DIR] [--list] [NUMBER ...]     for example: tools/mistakes.py 14.3 14.10

Every port of these networks has been wrong in one of these ways without anyone seeing it. The numbers are those of the
list in docs/proof.md. Works in place on a clean tree and restores every file; ends with 0 only when each mistake was
caught, and says which was not. A mistake whose place has moved is an error too: look for the new place.
"""
import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLOW = "src/model/vision/causal_flow.cpp"
CLIP = "src/model/vision/clip_vit.cpp"
TABLES = "src/model/vision/position_tables.cpp"
LAYOUT = "src/model/spec/token_layout.cpp"
VIEWS = "src/ocr/views/views.cpp"
GENERATE = "src/ocr/generate/generate.cpp"
GOLDEN_V1 = ("golden", "*v1_tiny512_reference_BF16")
GOLDEN_V2 = ("golden", "*v2_stretch768_reference_BF16")

# number, what goes wrong, file, text, text with the mistake, (test binary, filter)
MISTAKES = [
    ("14.1", "a tensor of v2 is forgotten", "src/model/spec/tensor_table.cpp",
     '  flow.weight("query_768", {f.queries_768, f.width});\n', "", ("spec", "TensorTable.*")),
    ("14.1", "the unused patch convolution of CLIP is demanded", "src/model/spec/tensor_table.cpp",
     'embeddings.unused("patch_embedding', 'embeddings.tensor("patch_embedding', ("spec", "TensorTable.*")),
    ("14.2", "bicubic with a = -0.75", TABLES, "kA = -0.5", "kA = -0.75", ("vision", "CubicTaps.*:ResizeGrid.*")),
    ("14.2", "bicubic without antialiasing", TABLES, "std::max(ratio, 1.0)", "1.0", ("vision", "CubicTaps.*:ResizeGrid.*")),
    ("14.2", "taps beyond the edge are not renormalised", TABLES, "for (double& weight : taps.weights) weight /= total;",
     "static_cast<void>(total);", ("vision", "CubicTaps.*:ResizeGrid.*")),
    ("14.3", "places beyond the edge of a window are zeros, not the bias", "src/model/vision/sam_vit.cpp",
     ".pad_k = w.qkv.bias.f32() + spec.width,", ".pad_k = nullptr,", ("vision", "SamBlock.*")),
    ("14.3", "places beyond the edge of a window are masked", "src/compute/kernels/reference/attention.cpp",
     "const double weight = std::exp(work.logits[j] - highest);",
     "const bool beyond = args.pad_k != nullptr && work.k[j] >= args.pad_k && work.k[j] < args.pad_k + 4096;\n"
     "    const double weight = beyond ? 0.0 : std::exp(work.logits[j] - highest);", GOLDEN_V1),
    ("14.5", "the relative table is cut, not interpolated", "src/model/vision/sam_vit.cpp",
     "return resize_line(table.view(), 2 * side - 1);",
     "return 2 * side - 1 < table.shape()[0] ? resize_line(table.view().row_range(0, 2 * side - 1), 2 * side - 1)\n"
     "                                        : resize_line(table.view(), 2 * side - 1);", ("vision", "SamBlock.*")),
    ("14.4", "the relative bias is scaled like the logits", "src/compute/kernels/reference/attention.cpp",
     "work.logits[j] += work.bias_y[j / args.side] + work.bias_x[j % args.side];",
     "work.logits[j] += static_cast<double>(args.scale) * (work.bias_y[j / args.side] + work.bias_x[j % args.side]);",
     ("kernels", "*Attention.AddsDecomposedRelativePositions*")),
    ("14.4", "rows and columns of the relative bias are exchanged", "src/compute/kernels/reference/attention.cpp",
     "work.logits[j] += work.bias_y[j / args.side] + work.bias_x[j % args.side];",
     "work.logits[j] += work.bias_y[j % args.side] + work.bias_x[j / args.side];", GOLDEN_V1),
    ("14.5", "the relative table is interpolated without half a step", TABLES,
     "static_cast<double>(new_length) -\n                          0.5;",
     "static_cast<double>(new_length) -\n                          0.0;", ("vision", "ResizeLine.*")),
    ("14.6", "the class token stands last", CLIP,
     "    std::ranges::copy(w.class_embedding.floats(), view.f32());\n"
     "    std::ranges::copy(sam.row_range(b * n, n).floats(), view.row_range(1, n).f32());\n",
     "    std::ranges::copy(w.class_embedding.floats(), view.row_range(n, 1).f32());\n"
     "    std::ranges::copy(sam.row_range(b * n, n).floats(), view.f32());\n", ("vision", "ClipVitTest.*")),
    ("14.6", "SAM's features come before CLIP's", "src/model/vision/clip_vit.cpp",
     "    std::ranges::copy(x.row_range(row / n * (n + 1) + 1 + row % n, 1).floats(), out);\n"
     "    std::ranges::copy(sam.row_range(row, 1).floats(), out + x.columns());\n",
     "    std::ranges::copy(sam.row_range(row, 1).floats(), out);\n"
     "    std::ranges::copy(x.row_range(row / n * (n + 1) + 1 + row % n, 1).floats(), out + x.columns());\n",
     ("vision", "ClipVitTest.*")),
    ("14.6", "CLIP with erf GELU", CLIP, "Activation::kQuickGelu", "Activation::kGelu", GOLDEN_V1),
    ("14.6", "CLIP with epsilon 1e-6", CLIP, '"pre_layrnorm", spec.width, spec.norm_eps', '"pre_layrnorm", spec.width, 1e-6F',
     GOLDEN_V1),
    ("14.7", "the encoder of v2 is causal everywhere", FLOW, "kernels::Mask::kPrefixCausal", "kernels::Mask::kCausal",
     ("vision", "CausalFlowTest.*")),
    ("14.7", "queries of v2 see later queries", FLOW, "kernels::Mask::kPrefixCausal", "kernels::Mask::kFull",
     ("vision", "CausalFlowTest.*")),
    ("14.7", "the final norm of v2 is left out", FLOW,
     "forward(w.norm, run, x.row_range((2 * b + 1) * n, n), features.row_range(b * n, n));",
     "std::ranges::copy(x.row_range((2 * b + 1) * n, n).floats(), features.row_range(b * n, n).f32());",
     ("vision", "CausalFlowTest.*")),
    ("14.7", "the image rows of v2 are given out", FLOW, "forward(w.norm, run, x.row_range((2 * b + 1) * n, n)",
     "forward(w.norm, run, x.row_range(2 * b * n, n)", ("vision", "CausalFlowTest.*")),
    ("14.7", "small views of v2 take the queries of large ones", FLOW, "return small ? w.queries_768 : w.queries_1024;",
     "return small ? w.queries_1024 : w.queries_768;", ("vision", "CausalFlowTest.*")),
    ("14.8", "tiles are not stitched", LAYOUT, "const std::int64_t tile = row / side * grid.columns + column;",
     "const std::int64_t tile = column * grid.rows + row / side;", ("vision", "Arrange.*")),
    ("14.8", "the global view comes first", LAYOUT,
     "    if (tiles) append_stitched(*tiles, layout.tile_side, layout.slots);\n"
     "    append_global_rows(layout.global_side, layout.slots);\n",
     "    append_global_rows(layout.global_side, layout.slots);\n"
     "    if (tiles) append_stitched(*tiles, layout.tile_side, layout.slots);\n", ("vision", "Arrange.*")),
    ("14.8", "rows of tiles have no newline", LAYOUT,
     "    }\n    slots.push_back({Kind::kNewline, 0});\n  }\n}\n\nvoid append_global",
     "    }\n  }\n}\n\nvoid append_global", ("spec", "TokenLayout.*")),
    ("14.8", "the separator comes first", LAYOUT, "layout.slots.push_back({Kind::kSeparator, 0});",
     "layout.slots.insert(layout.slots.begin(), {Kind::kSeparator, 0});", ("vision", "Arrange.*")),
    ("14.9", "tiles from the threshold itself on", "src/ocr/views/tile_grid.cpp",
     "width <= uncut_side(tile_side) && height <= uncut_side(tile_side)",
     "width < uncut_side(tile_side) && height < uncut_side(tile_side)", ("views", "ChooseTileGrid.*")),
    ("14.9", "of equal grids the first is taken", "src/ocr/views/tile_grid.cpp",
     "(difference == best_difference && fills)", "(difference == best_difference && fills && area < 0)", ("views", "ChooseTileGrid.*")),
    ("14.9", "padding offsets are rounded down", "src/media/image/resize.cpp",
     "plan.y = round_half_even(static_cast<double>(side - plan.height) * 0.5);",
     "plan.y = (side - plan.height) / 2;", ("image", "PlanPad.*:PadToSquare.*")),
    ("14.9", "levels are multiplied by 1/255", VIEWS, "static_cast<float>(level) / 255.0F",
     "static_cast<float>(level) * (1.0F / 255.0F)", ("views", "Normalised.*")),
    ("14.9", "the picture is resampled with a = -0.75", "src/media/image/resize.cpp", "constexpr double kA = -0.5;",
     "constexpr double kA = -0.75;", ("image", "ResizeBicubic.*")),
    ("14.9", "orientation is not applied", "src/media/image/orient.cpp",
     "if (orientation < 2 || orientation > 8) return image;", "if (orientation != 0) return image;",
     ("image", "*StoredOrientation*")),
    ("14.10", "RoPE turns neighbours", "src/compute/kernels/reference/rope.cpp",
     "        const auto first = static_cast<double>(head[k]);\n"
     "        const auto second = static_cast<double>(head[k + half]);\n"
     "        head[k] = static_cast<float>(first * cosine - second * sine);\n"
     "        head[k + half] = static_cast<float>(second * cosine + first * sine);\n",
     "        const auto first = static_cast<double>(head[2 * k]);\n"
     "        const auto second = static_cast<double>(head[2 * k + 1]);\n"
     "        head[2 * k] = static_cast<float>(first * cosine - second * sine);\n"
     "        head[2 * k + 1] = static_cast<float>(second * cosine + first * sine);\n", GOLDEN_V1),
    ("14.10", "the weights of the chosen experts are renormalised", "src/model/language/router.cpp",
     "  choose_experts(routing);\n}\n",
     "  choose_experts(routing);\n"
     "  for (std::int64_t row = 0; row < routing.weights.rows(); ++row) {\n"
     "    float sum = 0;\n"
     "    for (const float w : routing.weights.row_range(row, 1).floats()) sum += w;\n"
     "    for (float& w : routing.weights.row_range(row, 1).floats()) w /= sum;\n  }\n}\n",
     ("language", "Route.*")),
    ("14.10", "the shared expert is one expert wide", "src/model/language/experts.cpp",
     "spec.shared_experts * spec.expert_hidden", "spec.expert_hidden", GOLDEN_V1),
    ("14.10", "the routed experts are left out", "src/model/language/experts.cpp",
     "  add_routed(w.experts, run, routing, x, y);\n}", "}", GOLDEN_V1),
    ("14.10", "every layer is a mixture of experts", "src/model/language/decoder.cpp",
     "if (index < spec.dense_layers)", "if (index < 0)", GOLDEN_V1),
    ("14.10", "the head is tied to the embeddings", "src/model/language/decoder.cpp",
     'binder.weight("lm_head.weight"', 'binder.weight("model.embed_tokens.weight"', GOLDEN_V1),
    ("14.10", "RMSNorm with epsilon 1e-5", "src/compute/kernels/reference/norm.cpp",
     "1.0 / std::sqrt(squares / static_cast<double>(width) + static_cast<double>(eps));",
     "1.0 / std::sqrt(squares / static_cast<double>(width) + 10 * static_cast<double>(eps));", GOLDEN_V2),
    ("14.11", "the window begins one token late", GENERATE, "std::max<std::int64_t>(0, length - rule.window)",
     "std::max<std::int64_t>(0, length - rule.window + 1)", ("generate", "BannedTokens.*")),
    ("14.11", "the last possible n-gram is not looked at", GENERATE, "start <= length - n; ++start", "start < length - n; ++start",
     ("generate", "BannedTokens.*")),
    ("14.11", "the whitelist is ignored", GENERATE, "!= rule.whitelist.end();", "!= rule.whitelist.end() && false;",
     ("generate", "BannedTokens.*")),
    ("14.11", "the rule over everything leaves out the prompt", GENERATE, "sequence(prompt.begin(), prompt.end());",
     "sequence(prompt.end(), prompt.end());", ("generate", "BannedTokens.*")),
    ("14.12", "digits are cut one by one", "src/model/tokenizer/split_patterns.cpp", r'R"(\p{N}{1,3})"', r'R"(\p{N})"',
     ("tokenizer", "SplitPatterns.*")),
    ("14.12", "ideographs are not cut from letters", "src/model/tokenizer/split_patterns.cpp",
     r'"[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+"', r'"[\u3040-\u309F\u30A0-\u30FF]+"', ("tokenizer", "SplitPatterns.*")),
    ("14.12", "the first added token wins, not the longest", "src/model/tokenizer/added_tokens.cpp",
     "      ++first;\n", "      return longest;\n", ("tokenizer", "Tokenizer.*")),
    ("14.12", "incomplete characters are printed", "src/model/tokenizer/stream_decoder.cpp",
     "if (!next.valid && may_continue(pending_, at, next)) break;", "static_cast<void>(may_continue);",
     ("tokenizer", "StreamDecoder.*")),
    ("14.12", "of equal pairs the rightmost is merged", "src/model/tokenizer/bpe.cpp",
     "if (pairs[i].rank < pairs[best].rank) best = i;", "if (pairs[i].rank <= pairs[best].rank) best = i;",
     ("tokenizer", "Bpe.*")),
    ("14.12", "added tokens vanish from decoded text", "src/model/tokenizer/tokenizer.cpp",
     "bytes_.set(token.id, token.content);", 'bytes_.set(token.id, " ");', ("tokenizer", "Tokenizer.*")),
    ("14.12", "bytes that are not UTF-8 are dropped", "src/model/tokenizer/tokenizer.cpp",
     "data.bpe.encode(plain.substr(at + i, 1), ids);", "static_cast<void>(i);", ("synth", "TokenizerCorpus.*")),
    ("14.12", "blanks before a word are not left to it", "src/model/tokenizer/split_patterns.cpp",
     r"|\s*[\r\n]+|\s+(?!\S)|\s+)", r"|\s*[\r\n]+|\s+)", ("synth", "TokenizerCorpus.*")),
    ("14.13", "a picture's number counts all items", "src/ocr/answer/runner_text.cpp",
     "    if (!is_image(item)) continue;\n    text =", "    if (!is_image(item)) { ++number; continue; }\n    text =",
     ("answer", "*RunnerText.*")),
    ("14.13", "a page without its end is kept", "src/ocr/answer/runner_text.cpp",
     "if (skip_unfinished && !page.finished) continue;", "static_cast<void>(skip_unfinished);", ("answer", "*RunnerText.*")),
    ("14.13", "numbers stay on formulas", "src/ocr/answer/runner_text.cpp", "if (skip == 0) cleaned += formula[at];",
     "cleaned += formula.substr(at, skip == 0 ? 1 : skip);", ("answer", "CleanFormulas.*")),
]


def run(command):
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)


def caught(mistake, build):
    """None when a test noticed, else what went otherwise."""
    _, _, name, text, wrong, (binary, test_filter) = mistake
    path = ROOT / name
    source = path.read_text()
    if source.count(text) < 1:
        return f"its place is not in {name} any more"
    target = f"lectio_{binary}_test"
    try:
        path.write_text(source.replace(text, wrong, 1))
        built = run(["cmake", "--build", build, "-j2", "--target", target])
        if built.returncode != 0:
            return "it does not compile:\n" + "\n".join(built.stdout.splitlines()[-15:])
        test = run([f"{build}/{target}", f"--gtest_filter={test_filter}", "--gtest_brief=1"])
    finally:
        path.write_text(source)
    if "0 tests from 0 test suites" in test.stdout:
        return f"{target} has no test {test_filter}"
    return None if test.returncode != 0 else f"{target} {test_filter} passes"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/dev")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="N", help="leave out the first N")
    parser.add_argument("numbers", nargs="*")
    arguments = parser.parse_args()
    chosen = [m for m in MISTAKES if not arguments.numbers or m[0] in arguments.numbers][arguments.first:]
    if arguments.list:
        for number, what, _, _, _, (binary, test_filter) in chosen:
            print(f"{number:6} {what:58} lectio_{binary}_test {test_filter}")
        return 0
    if run(["git", "status", "--porcelain", "--untracked-files=no"]).stdout:
        print("mistakes: the tree has changes; commit them first")
        return 2
    missed = 0
    for mistake in chosen:
        problem = caught(mistake, arguments.build)
        print(f"{mistake[0]:6} {mistake[1]:58} {'caught' if problem is None else 'MISSED: ' + problem}", flush=True)
        missed += problem is not None
    print(f"{len(chosen) - missed} of {len(chosen)} mistakes caught")
    return 0 if missed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())

// SPDX-License-Identifier: Apache-2.0
#include "transport/tls/framing.hpp"

#include <algorithm>
#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::tls;

namespace {

struct Sink final : FrameSink {
    std::vector<Bytes> frames;
    std::vector<std::uint32_t> controls;
    std::size_t stop_after = 1000;
    bool control_allowed = true;
    bool frame(BytesView f) override
    {
        frames.push_back(to_bytes(f));
        return frames.size() < stop_after;
    }
    bool control(std::uint32_t value) override
    {
        controls.push_back(value);
        return control_allowed;
    }
};

} // namespace

TEST_CASE("framing: the bytes on the wire")
{
    Bytes out;
    append_frame(out, as_bytes("hello"));
    append_frame(out, {});
    CHECK(to_hex(out) == "0000000568656c6c6f00000000");
}

TEST_CASE("framing: any cut of the stream gives the same frames")
{
    Bytes stream;
    const std::vector<Bytes> frames = {Bytes(1, 7), Bytes(), Bytes(300, 8), Bytes(port::frame_bytes_max, 9),
                                       Bytes(3, 1)};
    for (const auto& f : frames)
        append_frame(stream, f);
    append(stream, frame_head(control_ping));
    append_frame(stream, as_bytes("end"));
    for (std::size_t cut : {1UL, 2UL, 3UL, 4UL, 5UL, 7UL, 1200UL, 16384UL, stream.size()}) {
        FrameAssembler assembler;
        Sink sink;
        bool all_fed = true;
        for (std::size_t at = 0; at < stream.size(); at += cut) {
            const auto chunk = BytesView(stream).subspan(at, std::min(cut, stream.size() - at));
            all_fed = all_fed && assembler.feed(chunk, sink) == FrameAssembler::Outcome::fed;
        }
        CHECK(all_fed);
        REQUIRE(sink.frames.size() == frames.size() + 1);
        for (std::size_t i = 0; i < frames.size(); ++i)
            CHECK(sink.frames[i] == frames[i]);
        CHECK(sink.controls == std::vector<std::uint32_t>{control_ping});
        CHECK(assembler.held_bytes() == 0);
    }
}

TEST_CASE("framing: one above the limit is malformed, and a length alone costs nothing")
{
    FrameAssembler assembler;
    Sink sink;
    sink.control_allowed = false;
    CHECK(assembler.feed(frame_head(port::frame_bytes_max), sink) == FrameAssembler::Outcome::fed);
    CHECK(assembler.held_bytes() == frame_head_bytes);
    FrameAssembler other;
    CHECK(other.feed(frame_head(port::frame_bytes_max + 1), sink) == FrameAssembler::Outcome::malformed);
    FrameAssembler narrow;
    narrow.limit(7);
    CHECK(narrow.feed(frame_head(7), sink) == FrameAssembler::Outcome::fed);
    FrameAssembler beyond;
    beyond.limit(7);
    CHECK(beyond.feed(frame_head(8), sink) == FrameAssembler::Outcome::malformed);
    CHECK(beyond.held_bytes() == 0);
}

TEST_CASE("framing: a sink that says stop is not called again")
{
    Bytes stream;
    for (int i = 0; i < 5; ++i)
        append_frame(stream, as_bytes("x"));
    FrameAssembler assembler;
    Sink sink;
    sink.stop_after = 2;
    CHECK(assembler.feed(stream, sink) == FrameAssembler::Outcome::stopped);
    CHECK(sink.frames.size() == 2);
}

// SPDX-License-Identifier: Apache-2.0
#include "lib/json/json.hpp"

#include <doctest/doctest.h>

using namespace godwit;

namespace {

const std::string file_hex(64, 'f');

FileInfo info()
{
    FileInfo out;
    out.id.bytes.fill(0xff);
    out.key.bytes.fill(0x11);
    out.size_bytes = 5'000'000'000;
    out.name = "a \"b\".txt";
    out.media_type = "text/plain";
    out.state = FileState::fetching;
    out.done_bytes = 65'536;
    out.from = "bob";
    out.path = Path::direct;
    return out;
}
const std::string members = R"("file":")" + file_hex +
                            R"(","name":"a \"b\".txt","media_type":"text/plain","size":5000000000,"state":"fetching",)"
                            R"("done":65536,"from":"bob","path":"direct","key":")" +
                            std::string(64, '1') + "\"";

template <class T>
T expect(const std::string& line)
{
    const auto parsed = json::parse_request(line);
    REQUIRE_MESSAGE(parsed.request.ok(), line);
    const auto* held = std::get_if<T>(&parsed.request.value());
    REQUIRE(held != nullptr);
    return *held;
}

} // namespace

TEST_CASE("requests about files")
{
    const auto add = expect<request::FileAdd>(R"({"do":"file_add","path":"/x/y","name":"z","media_type":"image/png"})");
    CHECK(add.path == "/x/y");
    CHECK(add.name == "z");
    CHECK(add.media_type == "image/png");
    CHECK(expect<request::FileAdd>(R"({"do":"file_add","path":"y"})").name.empty());
    const auto about = [](const char* what) {
        return R"({"do":")" + std::string(what) + R"(","file":")" + file_hex + "\"}";
    };
    CHECK(expect<request::FileFetch>(about("file_fetch")).file == info().id);
    CHECK(expect<request::FilePause>(about("file_pause")).file == info().id);
    CHECK(expect<request::FileResume>(about("file_resume")).file == info().id);
    CHECK(expect<request::FileCancel>(about("file_cancel")).file == info().id);
    const auto save = expect<request::FileSave>(R"({"do":"file_save","file":")" + file_hex + R"(","path":"out/"})");
    CHECK(save.path == "out/");
    CHECK_FALSE(save.replace);
    CHECK(expect<request::FileSave>(R"({"do":"file_save","replace":true,"path":"o","file":")" + file_hex + "\"}")
              .replace);
    expect<request::Files>(R"({"do":"files"})");
    const auto rate = expect<request::SetRate>(R"({"do":"set_rate","up":1000})");
    CHECK(rate.up_bytes_per_s == 1000);
    CHECK(rate.down_bytes_per_s == 0);
    CHECK(expect<request::SetAutoFetch>(R"({"do":"set_auto_fetch","bytes":7})").bytes_max == 7);
    for (const char* bad : {R"({"do":"file_fetch"})", R"({"do":"file_fetch","file":"abc"})",
                            R"({"do":"file_save","file":"00","path":"x"})", R"({"do":"file_add"})",
                            R"({"do":"set_auto_fetch"})", R"({"do":"set_rate","up":-1})"})
        CHECK(json::parse_request(bad).request.error().code == ErrorCode::invalid_argument);
}

TEST_CASE("answers and events about files")
{
    event::Reply reply;
    reply.value = info();
    CHECK(json::render_reply(reply, "1") == R"({"id":1,"ok":true,)" + members + "}");
    reply.value = std::vector<FileInfo>{info()};
    CHECK(json::render_reply(reply, "1") == R"({"id":1,"ok":true,"files":[{)" + members + "}]}");
    reply.value = SavedFile{"/tmp/x"};
    CHECK(json::render_reply(reply, "1") == R"({"id":1,"ok":true,"path":"/tmp/x"})");
    CHECK(json::render_event(event::FileProgress{info()}) == R"({"event":"file_progress",)" + members + "}");
    CHECK(json::render_event(event::FileDone{info()}) == R"({"event":"file_done",)" + members + "}");
    CHECK(json::render_event(event::FileFailed{info(), {ErrorCode::cancelled, "why", 0}}) ==
          R"({"event":"file_failed",)" + members + R"(,"error":{"code":"cancelled","detail":"why","retry":0}})");
}

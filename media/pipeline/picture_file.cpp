// SPDX-License-Identifier: Apache-2.0
#include "media/pipeline/picture_file.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace godwit::pipeline {

namespace {

/// Without its newline; nullopt: the end, or longer than y4m_line_bytes_max.
std::optional<std::string> read_line(std::FILE* file)
{
    std::string out;
    for (int c = std::fgetc(file); c != '\n'; c = std::fgetc(file)) {
        if (c == EOF || out.size() == y4m_line_bytes_max) return std::nullopt;
        out.push_back(static_cast<char>(c));
    }
    return out;
}

std::optional<int> number_of(std::string_view text)
{
    int out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return out;
}

bool write_all(std::FILE* file, BytesView bytes)
{
    return std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
}

Error cannot_write(const std::string& path)
{
    return {ErrorCode::invalid_argument, "pictures: " + path + " cannot be written", 0};
}
Error write_failed()
{
    return {ErrorCode::storage_failed, "pictures: writing failed; is the disk full?", 0};
}

void put_little(Bytes& out, std::uint64_t number, int octets)
{
    for (int i = 0; i < octets; ++i)
        out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

} // namespace

Result<Y4mReader> Y4mReader::open(const std::string& path)
{
    std::error_code error;
    Y4mReader out;
    if (std::filesystem::is_regular_file(path, error)) out.file_.reset(std::fopen(path.c_str(), "rb"));
    if (!out.file_) return Error{ErrorCode::no_such_file, "pictures: " + path + " is no file that can be read", 0};
    const auto refuse = [&](const char* why) {
        return Error{ErrorCode::invalid_argument, "pictures: " + path + " " + why, 0};
    };
    const auto line = read_line(out.file_.get());
    constexpr std::string_view magic = "YUV4MPEG2 ";
    if (!line || !line->starts_with(magic)) return refuse("is no Y4M (YUV4MPEG2)");
    std::string_view rest = std::string_view(*line).substr(magic.size());
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        if (word.empty()) continue;
        const std::string_view value = word.substr(1);
        if (word[0] == 'W') out.width_ = number_of(value).value_or(0);
        if (word[0] == 'H') out.height_ = number_of(value).value_or(0);
        if (word[0] == 'C' && value != "420" && value != "420jpeg" && value != "420mpeg2" && value != "420paldv")
            return refuse(
                "has another layout than 4:2:0 with 8 bits; convert it, for instance with ffmpeg -pix_fmt yuv420p");
        if (word[0] == 'F') {
            const std::size_t colon = value.find(':');
            const auto over = number_of(value.substr(0, colon));
            const auto under = colon == std::string_view::npos ? std::optional(1) : number_of(value.substr(colon + 1));
            if (!over || !under || *over <= 0 || *under <= 0) return refuse("has no rate of pictures");
            out.fps_ = static_cast<int>(std::clamp<std::int64_t>((std::int64_t{*over} + *under / 2) / *under, 1, 120));
        }
    }
    if (!media::is_picture_size(out.width_, out.height_))
        return refuse("has pictures of no size, or larger than 1920 x 1088");
    return out;
}

Result<std::optional<media::Picture>> Y4mReader::read()
{
    const int first = std::fgetc(file_.get());
    if (first == EOF) return std::optional<media::Picture>();
    std::ungetc(first, file_.get());
    const auto line = read_line(file_.get());
    Bytes planes(media::Picture::bytes_of(width_, height_));
    if (!line || !line->starts_with("FRAME") ||
        std::fread(planes.data(), 1, planes.size(), file_.get()) != planes.size())
        return Error{ErrorCode::malformed, "pictures: the file breaks off in a frame", 0};
    media::Picture out(width_, height_);
    out.assign(planes);
    return std::optional(std::move(out));
}

Result<Y4mWriter> Y4mWriter::create(const std::string& path, int fps)
{
    Y4mWriter out;
    out.fps_ = fps;
    out.file_.reset(std::fopen(path.c_str(), "wb"));
    if (!out.file_) return cannot_write(path);
    return out;
}

Result<void> Y4mWriter::write(const media::Picture& picture)
{
    std::string head;
    if (width_ == 0) {
        width_ = picture.width();
        height_ = picture.height();
        head = "YUV4MPEG2 W" + std::to_string(width_) + " H" + std::to_string(height_) + " F" + std::to_string(fps_) +
               ":1 Ip A1:1 C420jpeg\n";
    }
    if (picture.width() != width_ || picture.height() != height_)
        return Error{ErrorCode::invalid_argument, "pictures: a Y4M has pictures of one size; scale this one first", 0};
    head += "FRAME\n";
    if (!write_all(file_.get(), as_bytes(head)) || !write_all(file_.get(), picture.bytes()) ||
        std::fflush(file_.get()) != 0)
        return write_failed();
    return {};
}

Result<IvfWriter> IvfWriter::create(const std::string& path, codec::VideoCodec codec, int width, int height)
{
    IvfWriter out;
    out.file_.reset(std::fopen(path.c_str(), "wb"));
    Bytes head = to_bytes(as_bytes("DKIF"));
    put_little(head, 0, 2);  // version
    put_little(head, 32, 2); // bytes of this header
    append(head, as_bytes(codec == codec::VideoCodec::vp8 ? "VP80" : "VP90"));
    put_little(head, static_cast<std::uint64_t>(width), 2);
    put_little(head, static_cast<std::uint64_t>(height), 2);
    put_little(head, 90'000, 4); // ticks a second ...
    put_little(head, 1, 4);
    put_little(head, 0, 4); // frames: written at each
    put_little(head, 0, 4);
    if (!out.file_ || !write_all(out.file_.get(), head)) return cannot_write(path);
    return out;
}

Result<void> IvfWriter::write(BytesView frame, std::uint64_t timestamp)
{
    Bytes head, count;
    put_little(head, frame.size(), 4);
    put_little(head, timestamp, 8);
    put_little(count, ++frames_, 4);
    std::FILE* const file = file_.get();
    constexpr long count_at = 24;
    const bool good = write_all(file, head) && write_all(file, frame) && std::fseek(file, count_at, SEEK_SET) == 0 &&
                      write_all(file, count) && std::fseek(file, 0, SEEK_END) == 0 && std::fflush(file) == 0;
    if (!good) return write_failed();
    return {};
}

} // namespace godwit::pipeline

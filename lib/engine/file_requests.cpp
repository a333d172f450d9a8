// SPDX-License-Identifier: Apache-2.0
// Of files: what the application asks, and what it has set.
#include "lib/engine/files.hpp"

namespace godwit::engine {

namespace {

constexpr std::uint32_t rows_a_page = 256;
constexpr std::string_view rate_name = "files/rate"; ///< Up, then down: 8 bytes each, big-endian.
constexpr std::string_view auto_fetch_name = "files/auto";

void put_number(Bytes& out, std::uint64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(number >> shift));
}

std::uint64_t number_at(const Bytes& bytes, std::size_t at)
{
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < 8; ++i)
        out = (out << 8) | bytes[at + i];
    return out;
}

} // namespace

void Files::load_settings()
{
    if (const auto rate = context_.store.value(rate_name); rate && rate->size() == 16) {
        rate_up_ = number_at(*rate, 0);
        rate_down_ = number_at(*rate, 8);
    }
    set_rates();
    if (const auto bound = context_.store.value(auto_fetch_name); bound && bound->size() == 8)
        auto_fetch_bytes_max_ = number_at(*bound, 0);
    fetch_.set_automatic_max(auto_fetch_bytes_max_);
}

void Files::set_rates()
{
    const auto within = [this](std::uint64_t rate) {
        return share_ == 0 ? rate : rate == 0 ? share_ : std::min(rate, share_);
    };
    if (serve_.serving().rate() != within(rate_up_)) serve_.serving().set_rate(within(rate_up_));
    fetch_.set_rate(within(rate_down_));
}

bool Files::refused(RequestId id)
{
    if (shelf_.open()) return false;
    context_.refuse(id, {ErrorCode::unsupported, "this client keeps no files", 0});
    return true;
}

const port::StoredFile* Files::known(RequestId id, const FileId& file)
{
    if (refused(id)) return nullptr;
    const auto* row = shelf_.find(file);
    if (row == nullptr)
        context_.refuse(id, {ErrorCode::no_such_file, "no message here refers to such a file, and none was added", 0});
    return row;
}

void Files::ask(RequestId id, const request::FileAdd& add, Moment now)
{
    if (!refused(id)) jobs_.add(id, add, now);
}

void Files::ask(RequestId id, const request::FileSave& save, Moment)
{
    if (!refused(id)) jobs_.save(id, save);
}

void Files::ask(RequestId id, const request::FileFetch& fetch, Moment)
{
    const auto* row = known(id, fetch.file);
    if (row == nullptr) return;
    if (row->state == FileState::whole) context_.event(event::FileDone{FileShelf::info(*row)});
    this->fetch(fetch.file);
    context_.reply_ok(id);
}

void Files::ask(RequestId id, const request::FileResume& resume, Moment now)
{
    ask(id, request::FileFetch{resume.file}, now);
}

void Files::ask(RequestId id, const request::FilePause& pause, Moment)
{
    if (known(id, pause.file) == nullptr) return;
    fetch_.stop(pause.file);
    auto row = *shelf_.find(pause.file);
    if (row.state == FileState::fetching) {
        row.state = FileState::paused;
        shelf_.put(row);
    }
    context_.reply_ok(id);
}

void Files::ask(RequestId id, const request::FileCancel& cancel, Moment)
{
    const auto* row = known(id, cancel.file);
    if (row == nullptr) return;
    fetch_.drop(cancel.file);
    upload_.stop(cancel.file);
    serve_.changed(cancel.file);
    auto left = *row;
    if (left.state == FileState::fetching || left.state == FileState::paused)
        context_.event(event::FileFailed{FileShelf::info(left), {ErrorCode::cancelled, "cancelled", 0}});
    if (context_.store.file_grants(cancel.file).empty()) {
        shelf_.remove(cancel.file);
    } else {
        shelf_.let_go(left.slot);
        left.slot = {};
        left.pieces.clear();
        left.wanted_by.clear();
        left.state = FileState::known;
        shelf_.put(left);
    }
    context_.reply_ok(id);
}

void Files::ask(RequestId id, const request::Files&, Moment)
{
    if (refused(id)) return;
    std::vector<FileInfo> out;
    FileId after;
    for (;;) {
        const auto rows = context_.store.files(after, rows_a_page);
        for (const auto& row : rows)
            out.push_back(fetch_.info(row));
        if (rows.size() < rows_a_page) break;
        after = rows.back().id;
    }
    context_.reply(id, std::move(out));
}

void Files::ask(RequestId id, const request::SetRate& rate, Moment)
{
    if (refused(id)) return;
    Bytes value;
    put_number(value, rate.up_bytes_per_s);
    put_number(value, rate.down_bytes_per_s);
    context_.store.put_value(rate_name, value);
    load_settings();
    context_.reply_ok(id);
}

void Files::ask(RequestId id, const request::SetAutoFetch& bound, Moment)
{
    if (refused(id)) return;
    Bytes value;
    put_number(value, bound.bytes_max);
    context_.store.put_value(auto_fetch_name, value);
    load_settings();
    context_.reply_ok(id);
}

} // namespace godwit::engine

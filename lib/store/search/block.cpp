// SPDX-License-Identifier: Apache-2.0
#include "lib/store/search/block.hpp"

#include <algorithm>

namespace godwit::store::search {
namespace {

void put_number(Bytes& out, std::size_t number)
{
    for (; number >= 0x80; number >>= 7)
        out.push_back(static_cast<std::uint8_t>(number | 0x80));
    out.push_back(static_cast<std::uint8_t>(number));
}

/// Of at most four bytes; nullopt: none.
std::optional<std::size_t> take_number(BytesView in, std::size_t& at)
{
    std::size_t out = 0;
    for (unsigned shift = 0; shift < 28 && at < in.size(); shift += 7) {
        const std::uint8_t byte = in[at++];
        out |= static_cast<std::size_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return out;
    }
    return std::nullopt;
}

template <class Take>
bool each_place(BytesView posts, Take take)
{
    std::size_t next = 0;
    for (std::size_t at = 0; at < posts.size();) {
        const auto gap = take_number(posts, at);
        if (!gap || *gap >= block_posts - next) return false;
        next += *gap;
        take(static_cast<Place>(next++));
    }
    return true;
}

std::size_t shared_start(std::string_view a, std::string_view b)
{
    const auto length = std::min(a.size(), b.size());
    return static_cast<std::size_t>(
        std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(length), b.begin()).first - a.begin());
}

} // namespace

Bytes encode_places(const std::vector<Place>& ascending)
{
    Bytes out;
    out.reserve(ascending.size());
    std::size_t next = 0;
    for (const Place place : ascending) {
        put_number(out, place - next);
        next = std::size_t{place} + 1;
    }
    return out;
}

std::optional<std::vector<Place>> decode_places(BytesView posts)
{
    std::vector<Place> out;
    if (!each_place(posts, [&out](Place place) { out.push_back(place); })) return std::nullopt;
    return out;
}

bool mark_places(BytesView posts, Places& out)
{
    return each_place(posts, [&out](Place place) { out.set(place); });
}

std::vector<Chunk> encode_chunks(const std::vector<Entry>& in_order)
{
    std::vector<Chunk> out;
    std::string_view before;
    for (const Entry& entry : in_order) {
        // Numbers, a form, a list: so much at most.
        const auto more = entry.form.size() + entry.posts.size() + 4;
        if (out.empty() || out.back().entries.size() + more > chunk_bytes) {
            out.push_back({entry.form, {}});
            before = {};
        }
        Bytes& bytes = out.back().entries;
        const auto shared = shared_start(before, entry.form);
        bytes.push_back(static_cast<std::uint8_t>(shared));
        bytes.push_back(static_cast<std::uint8_t>(entry.form.size() - shared));
        append(bytes, as_bytes(std::string_view(entry.form).substr(shared)));
        put_number(bytes, entry.posts.size());
        append(bytes, entry.posts);
        before = entry.form;
    }
    return out;
}

bool ChunkReader::next()
{
    if (at_ == in_.size()) return false;
    broken_ = true; // until it is read
    if (in_.size() - at_ < 2) return false;
    const std::size_t shared = in_[at_];
    const std::size_t rest = in_[at_ + 1];
    at_ += 2;
    if (shared > form_.size() || shared + rest > form_bytes_max || rest > in_.size() - at_) return false;
    const auto tail = as_text(in_.subspan(at_, rest));
    const bool ascends = at_ == 2 || std::string_view(form_).substr(shared) < tail;
    form_.resize(shared);
    form_ += tail;
    at_ += rest;
    const auto length = take_number(in_, at_);
    if (!ascends || !length || *length > in_.size() - at_) return false;
    posts_ = in_.subspan(at_, *length);
    at_ += *length;
    broken_ = false;
    return true;
}

std::optional<std::vector<Entry>> decode_chunk(BytesView entries)
{
    std::vector<Entry> out;
    ChunkReader reader(entries);
    while (reader.next())
        out.push_back({std::string(reader.form()), to_bytes(reader.posts())});
    if (reader.broken()) return std::nullopt;
    return out;
}

void BlockMaker::add(Place place, const std::vector<std::string>& forms)
{
    for (const auto& form : forms)
        posts_[form].push_back(place);
}

bool BlockMaker::add(std::string_view form, BytesView posts, std::uint32_t shift)
{
    auto& places = posts_[std::string(form)];
    bool fits = true;
    const bool read = each_place(posts, [&](Place place) {
        fits = fits && place + shift < block_posts;
        if (fits) places.push_back(static_cast<Place>(place + shift));
    });
    return read && fits;
}

std::vector<Entry> BlockMaker::take() &&
{
    std::vector<Entry> out;
    out.reserve(posts_.size());
    for (auto& [form, places] : posts_)
        out.push_back({form, encode_places(places)});
    posts_.clear();
    std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.form < b.form; });
    return out;
}

} // namespace godwit::store::search

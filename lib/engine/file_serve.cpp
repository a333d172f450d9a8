// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/file_serve.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

/// Pairs of file and link: more are told nothing unasked, and ask again by themselves.
constexpr std::size_t watchers_max = 4096;

} // namespace

const port::StoredFile* FileServe::find(FileReach& reach, const FileId& file, const DeviceId& device)
{
    const auto* row = shelf_.open() ? shelf_.find(file) : nullptr;
    if (row == nullptr || reach.is_own(device)) return row;
    const auto whose = reach.owner(device);
    for (const auto& grant : shelf_.grants(file)) {
        if (grant.author == whose || grant.author == unknown_author) continue;
        const auto members = reach.members(grant.conversation);
        if (std::find(members.begin(), members.end(), device) != members.end()) return row;
    }
    return nullptr;
}

void FileServe::tell(LinkId link, const port::StoredFile& row, const transfer::PieceSet& pieces)
{
    context_.effect(SendFrame{link, wire::encode(wire::peer::Frame(wire::peer::FileHave{
                                        row.id, row.size_bytes, pieces.ranges(wire::piece_ranges_max)}))});
}

void FileServe::query(FileReach& reach, LinkId link, const DeviceId& device, const wire::peer::FileQuery& query)
{
    const auto* row = find(reach, query.file, device);
    if (row != nullptr && watchers_.size() < watchers_max) {
        watchers_.insert({query.file, link});
        devices_[link] = device;
    }
    const auto pieces = row == nullptr ? transfer::PieceSet() : FileShelf::pieces(*row);
    if (pieces.count() > 0)
        tell(link, *row, pieces);
    else
        context_.effect(SendFrame{link, wire::encode(wire::peer::Frame(wire::peer::FileGone{query.file}))});
}

void FileServe::want(FileReach& reach, LinkId link, const DeviceId& device, const wire::peer::FileWant& want)
{
    const auto* row = find(reach, want.file, device);
    if (row == nullptr || row->pieces.empty()) {
        context_.effect(SendFrame{link, wire::encode(wire::peer::Frame(wire::peer::FileGone{want.file}))});
        return;
    }
    devices_[link] = device;
    serving_.want(link, want.file, transfer::Layout{row->size_bytes}, want.pieces);
}

void FileServe::have(FileReach& reach, const DeviceId& device, const wire::peer::FileHave& have)
{
    const auto* row = shelf_.find(have.file);
    if (row == nullptr || row->size_bytes != have.size_bytes) return;
    transfer::PieceSet pieces(transfer::Layout{row->size_bytes}.pieces());
    for (const auto& range : have.pieces)
        pieces.add(range);
    if (!pieces.full() || reach.is_own(device)) return;
    bool noted = false;
    for (const auto& grant : context_.store.file_grants(have.file)) {
        if (!grant.mine || grant.served) continue;
        const auto members = reach.members(grant.conversation);
        if (std::find(members.begin(), members.end(), device) == members.end()) continue;
        if (!std::exchange(noted, true)) context_.store.put_file_had(have.file, reach.owner(device));
        const auto had = context_.store.file_had(have.file);
        if (std::all_of(members.begin(), members.end(), [&](const DeviceId& one) {
                return reach.is_own(one) || std::binary_search(had.begin(), had.end(), reach.owner(one));
            }))
            context_.store.set_grants_served(have.file, grant.conversation);
    }
}

void FileServe::link_down(LinkId link)
{
    serving_.drop(link);
    devices_.erase(link);
    std::erase_if(watchers_, [&](const auto& one) { return one.second == link; });
}

void FileServe::changed(const FileId& file)
{
    serving_.drop(file);
    std::erase_if(watchers_, [&](const auto& one) { return one.first == file; });
}

void FileServe::end_tick(FileReach& reach, const std::vector<FileId>& grown, Moment now)
{
    for (const auto& file : grown) {
        const auto* row = shelf_.find(file);
        if (row == nullptr) continue;
        const auto pieces = FileShelf::pieces(*row);
        for (auto at = watchers_.lower_bound({file, 0}); at != watchers_.end() && at->first == file; ++at)
            tell(at->second, *row, pieces);
    }
    for (std::size_t sent = 0; sent < context_.config.file_slice_bytes_max;) {
        const auto item = serving_.next(now.mono);
        if (!item) return;
        // Asked again: a post may have been taken back since.
        const auto* row = find(reach, item->file, devices_[item->to]);
        if (row == nullptr || !FileShelf::pieces(*row).has(item->piece)) continue;
        auto bytes = shelf_.read(item->file, item->piece);
        if (!bytes.ok()) { // told again what is here when that is more
            context_.effect(SendFrame{item->to, wire::encode(wire::peer::Frame(wire::peer::FileGone{item->file}))});
            continue;
        }
        const auto size = bytes->size();
        sent += size;
        serving_.sent(size, now.mono);
        reach.used(item->to, size, now);
        context_.effect(SendFrame{
            item->to,
            wire::encode(wire::peer::Frame(wire::peer::FilePiece{item->file, item->piece, std::move(*bytes)})),
            port::Lane::bulk});
    }
}

} // namespace godwit::engine

// SPDX-License-Identifier: Apache-2.0
// Files: each device that a post is owed to gets what it refers to, as it was sent; what was taken back is nowhere.
#include "tests/sim/broken.hpp"
#include "tests/sim/oracle.hpp"

#include <algorithm>

namespace godwit::testing {

/// Bytes that show wherever they lie in the clear, and are another file's nowhere.
Oracle::NewFile Oracle::file(std::size_t size_bytes)
{
    NewFile out;
    out.number = files_.size();
    out.path = "/sent-" + std::to_string(out.number);
    out.name = std::string(plain_marker) + "file " + std::to_string(out.number);
    while (out.bytes.size() < size_bytes) {
        const auto line =
            std::string(file_marker) + std::to_string(out.number) + " at " + std::to_string(out.bytes.size()) + ". ";
        append(out.bytes, as_bytes(line));
    }
    out.bytes.resize(size_bytes);
    files_.push_back({{}, {}, out.path});
    return out;
}

void Oracle::posts_file(std::size_t number, const FileId& id)
{
    files_[number].id = id;
    files_[number].said = said_.size() - 1;
    said_.back().file = number;
}

std::optional<MessageId> Oracle::file_post(Client& here, std::uint64_t dice)
{
    if (!members_.contains(&here) || here.disk.stopped()) return std::nullopt;
    std::vector<MessageId> fit;
    for (const auto& said : said_) {
        if (!said.file || !said.id || said.sender->account() != here.account()) continue;
        const auto row = here.disk.store().message(*said.id);
        if (row && row->shown && row->message.recalled_ms == 0) fit.push_back(*said.id);
    }
    return fit.empty() ? std::nullopt : std::optional(fit[dice % fit.size()]);
}

std::vector<Oracle::Fetch> Oracle::owed_files()
{
    std::vector<Fetch> out;
    for (std::size_t number = 0; number < files_.size(); ++number) {
        const auto& file = files_[number];
        if (!file.id || !file.said) continue;
        const auto& said = said_[*file.said];
        if (!said.accepted || said.recalled || member(*said.sender).logged_out) continue;
        if (severed_.contains(pair(said.sender->account(), said.to))) continue;
        auto devices = said.owed;
        devices.push_back(said.sender);
        for (auto* one : devices) {
            if (one->disk.stopped() || is_lost_to(*file.said, *one) || may_be_removed(*file.said, *one)) continue;
            const auto message = one->disk.store().message(*said.id);
            if (!message || message->message.state == MessageState::failed) continue; // Another checker's business.
            const auto row = one->disk.store().file(*file.id);
            demand(row.has_value(), "lost: file " + std::to_string(number) + ", of " + words(*file.said) +
                                        ", is not known at " + one->name);
            out.push_back({one, *file.id, number, row->state, one == said.sender});
        }
    }
    return out;
}

std::string Oracle::files_under_way()
{
    for (const auto& one : owed_files())
        if (one.state != FileState::whole)
            return "file " + std::to_string(one.number) + " is " + std::string(file_state_name(one.state)) + " at " +
                   one.client->name;
    return {};
}

void Oracle::file_is_as_sent(const Fetch& what, const std::string& saved)
{
    const auto& file = files_[what.number];
    const auto& sent = said_[*file.said].sender->user_files.files.at(file.path);
    const auto at = what.client->user_files.files.find(saved);
    demand(at != what.client->user_files.files.end(),
           "lost: file " + std::to_string(what.number) + " was saved at " + what.client->name + ", and is not there");
    demand(at->second == sent,
           "altered: file " + std::to_string(what.number) + " is another one at " + what.client->name);
}

/// Taken back, and everybody knows it: nobody keeps what it referred to.
void Oracle::gone_with_its_post(std::size_t n)
{
    const auto& said = said_[n];
    if (!said.file) return;
    auto devices = said.owed;
    devices.push_back(said.sender);
    for (auto* one : devices) {
        if (is_lost_to(n, *one)) continue;
        const auto row = one->disk.store().message(*said.id);
        if (!row || row->message.recalled_ms == 0) continue;
        demand(!one->disk.store().file(*files_[*said.file].id),
               "kept: file " + std::to_string(*said.file) + ", which was taken back, is known at " + one->name);
    }
}

} // namespace godwit::testing

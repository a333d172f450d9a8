// SPDX-License-Identifier: Apache-2.0
// What people do with files: a file is added, and posted when it is; others fetch it, or stop in the middle; disks for
// files are full, or lose what was not synced.
#include "tests/sim/broken.hpp"
#include "tests/sim/walk.hpp"

#include <algorithm>

namespace godwit::testing {

namespace {

/// Mostly within one piece of 64 KiB; sometimes several; sometimes nothing at all.
std::size_t file_bytes(std::uint64_t detail)
{
    if (detail % 16 == 0) return 0;
    if (detail % 4 == 0) return 64 * 1024 * (1 + detail / 16 % 5) + detail % 3 - 1;
    return 1 + detail / 16 % 60'000;
}

} // namespace

void Walk::file(Client& one, std::uint64_t detail, StepKind kind)
{
    if (kind == StepKind::file_disk_full) {
        one.files.full = !one.files.full;
        return;
    }
    if (kind == StepKind::file_disk_fails) {
        one.files.sync_fails = !one.files.sync_fails;
        return;
    }
    if (!one.running()) return;
    if (kind == StepKind::file_send) {
        const auto friends = friends_of(one.account());
        auto to = friends[detail / 7 % friends.size()];
        const auto in = detail % 3 == 0 ? oracle_.groups_at(one) : std::vector<std::size_t>{};
        if (!in.empty()) to = Oracle::group_label(in[detail / 5 % in.size()]);
        auto file = oracle_.file(file_bytes(detail / 1024));
        one.user_files.files[file.path] = std::move(file.bytes);
        const auto life = one.lives(); // Its disk may refuse: then another one has begun when it returns.
        const auto request = one.ask(request::FileAdd{file.path, file.name, "application/octet-stream"});
        adding_.push_back({&one, life, request, file.number, to});
        return;
    }
    auto owed = oracle_.owed_files();
    // Who sent it keeps it: there would be nobody to have it from.
    std::erase_if(owed, [&](const auto& what) { return what.client != &one || what.is_sender; });
    if (owed.empty()) return;
    const auto& id = owed[detail % owed.size()].file;
    switch (kind) {
    case StepKind::file_fetch: one.ask(request::FileFetch{id}); break;
    case StepKind::file_pause: one.ask(request::FilePause{id}); break;
    case StepKind::file_resume: one.ask(request::FileResume{id}); break;
    default: one.ask(request::FileCancel{id}); break;
    }
}

/// Those that are added now are posted; with their process the others are gone.
void Walk::post_files()
{
    for (auto at = adding_.begin(); at != adding_.end();) {
        auto& by = *at->by;
        const auto reply = answer(by, at->life, at->request);
        if (!reply) {
            ++at;
            continue;
        }
        const auto* info = *reply == nullptr ? nullptr : std::get_if<FileInfo>(&(*reply)->value);
        if (info != nullptr) {
            content::Attachment attachment;
            attachment.file = {info->id, info->size_bytes, info->name, info->media_type, info->key};
            request::Send send;
            send.text = oracle_.text(by, at->to, 40);
            if (at->to.starts_with('#'))
                send.conversation = oracle_.group(std::stoul(at->to.substr(1)));
            else
                send.to = at->to;
            oracle_.posts_file(at->number, info->id);
            send.body = std::move(attachment);
            (void)by.ask(std::move(send));
        }
        at = adding_.erase(at);
    }
}

/// Healed, everybody wants everything.
void Walk::fetch_files()
{
    for (const auto& one : oracle_.owed_files()) {
        if (!one.client->running() || one.is_sender) continue;
        if (one.state == FileState::known) one.client->ask(request::FileFetch{one.file});
        if (one.state == FileState::paused) one.client->ask(request::FileResume{one.file});
    }
}

void Walk::save_files()
{
    for (const auto& one : oracle_.owed_files()) {
        const auto path = "/saved-" + std::to_string(one.number);
        const auto reply = one.client->wait(one.client->ask(request::FileSave{one.file, path, true}));
        if (reply.error.code != ErrorCode::ok)
            throw Broken("not saved: file " + std::to_string(one.number) + " at " + one.client->name + ": " +
                         reply.error.detail);
        oracle_.file_is_as_sent(one, path);
    }
}

} // namespace godwit::testing

// SPDX-License-Identifier: Apache-2.0
// Files: what may be typed about them, and how they come in. A file is named by the first digits of its id, or by its
// name.
#include "chat.hpp"

#include "words.hpp"

namespace request = godwit::request;

namespace {

std::string hex(const godwit::FileId& id)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const auto byte : id.view()) {
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

/// By the suffix: what a person would call it. Empty: not known.
std::string media_type_of(const std::string& path)
{
    static constexpr struct {
        const char* suffix;
        const char* type;
    } known[] = {{".jpg", "image/jpeg"},  {".jpeg", "image/jpeg"}, {".png", "image/png"},       {".gif", "image/gif"},
                 {".webp", "image/webp"}, {".mp4", "video/mp4"},   {".webm", "video/webm"},     {".ogg", "audio/ogg"},
                 {".opus", "audio/ogg"},  {".mp3", "audio/mpeg"},  {".pdf", "application/pdf"}, {".txt", "text/plain"}};
    for (const auto& one : known)
        if (path.ends_with(one.suffix)) return one.type;
    return {};
}

godwit::content::AttachmentKind kind_of(const std::string& media_type)
{
    using godwit::content::AttachmentKind;
    if (media_type.starts_with("image/")) return AttachmentKind::image;
    if (media_type.starts_with("video/")) return AttachmentKind::video;
    return AttachmentKind::file;
}

std::string how_far(const godwit::FileInfo& file)
{
    if (file.state == godwit::FileState::whole) return std::to_string(file.size_bytes) + " bytes";
    return std::to_string(file.done_bytes) + " of " + std::to_string(file.size_bytes) + " bytes";
}

std::string from_text(const godwit::FileInfo& file)
{
    if (file.path == godwit::Path::none) return {};
    return " [" + std::string(godwit::path_name(file.path)) + "]" + (file.from.empty() ? "" : " from " + file.from);
}

std::string file_line(const godwit::FileInfo& file)
{
    return hex(file.id).substr(0, 12) + "  " + printable(file.name) + "  " +
           std::string(godwit::file_state_name(file.state)) + ", " + how_far(file) + from_text(file);
}

} // namespace

void Chat::files()
{
    ask(request::Files{}, [this](const godwit::event::Reply& reply) {
        const auto* files = std::get_if<std::vector<godwit::FileInfo>>(&reply.value);
        if (files == nullptr) return;
        if (files->empty()) screen_.print("  no files yet");
        for (const auto& file : *files)
            screen_.print("  " + file_line(file));
    });
}

void Chat::send_file(const std::string& path)
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    ask(request::FileAdd{path, {}, media_type_of(path)},
        [this, where = here(), to = current_](const godwit::event::Reply& reply) {
            const auto* file = std::get_if<godwit::FileInfo>(&reply.value);
            if (file == nullptr) return;
            request::Send send;
            send.to = where.with;
            send.conversation = where.conversation;
            godwit::content::Attachment attachment;
            attachment.kind = kind_of(file->media_type);
            attachment.file = {file->id, file->size_bytes, file->name, file->media_type, file->key};
            send.body = std::move(attachment);
            ask(std::move(send), [this, to, name = file->name](const godwit::event::Reply& sent) {
                if (const auto* id = std::get_if<godwit::MessageId>(&sent.value)) mine_.insert(*id);
                screen_.print(clock_text(wall_now_ms(), wall_now_ms()) + " me → " + to + ": " + printable(name));
            });
        });
}

/// `then` with the one file that is meant.
void Chat::with_file(const std::string& name, std::function<void(const godwit::FileInfo&)> then)
{
    ask(request::Files{}, [this, name, then = std::move(then)](const godwit::event::Reply& reply) {
        const auto* files = std::get_if<std::vector<godwit::FileInfo>>(&reply.value);
        if (files == nullptr) return;
        const godwit::FileInfo* found = nullptr;
        for (const auto& file : *files) {
            const bool meant = file.name == name || (name.size() >= 4 && hex(file.id).starts_with(name));
            if (!meant) continue;
            if (found != nullptr)
                return screen_.print("! more than one file is called so: use more of its id (/files)");
            found = &file;
        }
        if (found == nullptr) return screen_.print("! no such file: /files lists them");
        then(*found);
    });
}

/// A pack of stickers that lies on the disk: into the home, to be sent from.
void Chat::add_pack(const std::string& path)
{
    ask(request::FileAdd{path, {}, "application/x-tar"}, [this](const godwit::event::Reply& reply) {
        if (const auto* file = std::get_if<godwit::FileInfo>(&reply.value)) show_pack(file->id, file->name);
    });
}

void Chat::show_pack(const godwit::FileId& id, const std::string& name)
{
    ask(request::StickerPack{id}, [this, name](const godwit::event::Reply& reply) {
        const auto* pack = std::get_if<godwit::StickerPackInfo>(&reply.value);
        if (pack == nullptr) return;
        for (const auto& one : pack->stickers)
            screen_.print("  " + (one.emoji.empty() ? std::string("·") : printable(one.emoji)) + "  " +
                          printable(one.name) + (one.animated ? "  (moves)" : ""));
        screen_.print("  /sticker " + printable(name) + " STICKER sends one");
    });
}

void Chat::send_sticker(const std::string& pack_name, const std::string& sticker)
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    with_file(pack_name, [this, sticker](const godwit::FileInfo& file) {
        if (sticker.empty()) return show_pack(file.id, file.name);
        ask(request::StickerPack{file.id}, [this, file, sticker](const godwit::event::Reply& reply) {
            const auto* pack = std::get_if<godwit::StickerPackInfo>(&reply.value);
            if (pack == nullptr) return;
            for (const auto& one : pack->stickers) {
                if (one.name != sticker && one.emoji != sticker) continue;
                godwit::content::Sticker body;
                body.pack = {file.id, file.size_bytes, file.name, file.media_type, file.key};
                body.name = one.name;
                body.emoji = one.emoji;
                body.animated = one.animated;
                return share(std::move(body), {});
            }
            screen_.print("! there is no sticker " + printable(sticker) + " in it: /sticker " + printable(file.name) +
                          " lists them");
        });
    });
}

void Chat::save_file(const std::string& name, const std::string& path)
{
    with_file(name, [this, path](const godwit::FileInfo& file) {
        ask(request::FileSave{file.id, path.empty() ? "./" : path, false}, [this](const godwit::event::Reply& reply) {
            if (const auto* saved = std::get_if<godwit::SavedFile>(&reply.value))
                screen_.print("  saved as " + printable(saved->path));
        });
    });
}

void Chat::about_file(const std::string& name, FileVerb verb)
{
    with_file(name, [this, verb](const godwit::FileInfo& file) {
        switch (verb) {
        case FileVerb::fetch:
            return ask(request::FileFetch{file.id}, said(file.name + " comes as soon as somebody gives it"));
        case FileVerb::pause: return ask(request::FilePause{file.id}, said(file.name + " waits: /resume goes on"));
        case FileVerb::resume: return ask(request::FileResume{file.id}, said(file.name + " goes on"));
        case FileVerb::cancel: return ask(request::FileCancel{file.id}, said(file.name + " is removed here"));
        }
    });
}

void Chat::show(const godwit::event::FileProgress& e)
{
    screen_.print("  ↓ " + file_line(e.file));
}

void Chat::show(const godwit::event::FileDone& e)
{
    screen_.print("↓ " + file_line(e.file) + ": /save " + hex(e.file.id).substr(0, 12));
}

void Chat::show(const godwit::event::FileFailed& e)
{
    screen_.print("✗ " + file_line(e.file) + ": " + error_text(e.why));
}

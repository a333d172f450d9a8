// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/engine/file_party.hpp"

#include <algorithm>

namespace godwit::engine::test {

ConversationId conversation()
{
    ConversationId out;
    out.bytes.fill(0xc0);
    return out;
}

MessageId post_id(std::uint8_t number)
{
    MessageId out;
    out.bytes.fill(number);
    return out;
}

// ---- a device -----------------------------------------------------------------------------------

FileParty::FileParty(FileWorld& world, std::string user_in, std::uint8_t number)
    : user(std::move(user_in)), world_(world), entropy_(number)
{
    device.bytes.fill(number);
    config.auto_fetch_bytes_max = 1024 * 1024 * 1024;
    start();
}

void FileParty::make()
{
    on = true;
    context_.reset(new Context{config, store, entropy_, trace_, {}, {}, 0, 0});
    files_ = std::make_unique<Files>(*context_, port::FileDoors{&kept, &outside});
    session_ = std::make_unique<RelaySession>(*context_, relay_link, wire::relay::Resume{}, std::string());
    store.begin();
}

void FileParty::start()
{
    make();
    files_->start();
    REQUIRE(store.commit().ok());
}

void FileParty::start_in_vain()
{
    make();
    store.fail_at(1);
    store.put_value("refused", {}); // from here on nothing is read, as of a disk that fails
    files_->start();
    REQUIRE(!store.commit().ok());
    crash();
}

void FileParty::crash()
{
    on = false;
    store.rollback();
    kept.crash();
    jobs_.clear();
    files_.reset();
    session_.reset();
    context_.reset();
    for (auto& other : world_.parties)
        if (other.get() != this) world_.unlink(*this, *other);
}

void FileParty::tick(const std::function<void(Files&)>& what)
{
    if (!on) return;
    store.begin();
    if (what) what(*files_);
    files_->end_tick(*this, world_.now);
    REQUIRE(store.commit().ok());
    auto effects = std::exchange(context_->effects, {});
    for (auto& event : std::exchange(context_->events, {}))
        events.push_back(std::move(event));
    for (auto& effect : effects) {
        if (auto* send = std::get_if<SendFrame>(&effect)) world_.say(*this, std::move(*send));
        if (auto* compute = std::get_if<Compute>(&effect)) {
            (*compute->run)();
            jobs_.push_back(compute->job);
        }
    }
}

Instant FileParty::deadline() const
{
    if (!on) return never;
    return files_->deadline(world_.now.mono);
}

event::Reply FileParty::reply_to(Request request)
{
    const auto id = ++last_request_;
    tick([&](Files& files) {
        std::visit(
            [&](const auto& what) {
                if constexpr (requires { files.ask(id, what, world_.now); }) files.ask(id, what, world_.now);
            },
            request);
    });
    const event::Reply* found = nullptr;
    REQUIRE(world_.run([&] {
        for (const auto& event : events)
            if (const auto* one = std::get_if<event::Reply>(&event); one != nullptr && one->id == id) found = one;
        return found != nullptr;
    }));
    return *found;
}

content::FileRef FileParty::add(const std::string& path, Bytes bytes)
{
    outside.files[path] = std::move(bytes);
    const auto info = ask<FileInfo>(request::FileAdd{path, {}, "image/png"});
    return {info.id, info.size_bytes, info.name, info.media_type, info.key};
}

void FileParty::post(const content::FileRef& file, std::uint8_t number, bool mine, const std::string& author)
{
    tick([&](Files& files) {
        files.posted(conversation(), post_id(number), author.empty() ? world_.parties.front()->user : author, file,
                     mine, world_.now);
    });
}

void FileParty::picture(const content::FileRef* file, const std::string& by, bool more)
{
    tick([&](Files& files) { files.avatar(conversation(), file, {by, more}, user, world_.now); });
}

void FileParty::withdraw(std::uint8_t number)
{
    tick([&](Files& files) { files.withdrawn(conversation(), post_id(number)); });
}

std::vector<content::FileRef> FileParty::say(content::Body body, std::uint8_t number)
{
    std::vector<content::FileRef> out;
    tick([&](Files& files) {
        REQUIRE(files.may_refer(body).ok());
        out = files.refer(body);
        for (const auto& file : out)
            files.posted(conversation(), post_id(number), user, file, true, world_.now);
    });
    return out;
}

FileState FileParty::state(const FileId& file)
{
    const auto row = store.file(file);
    return row ? row->state : FileState{};
}

Bytes FileParty::content(const FileId& file)
{
    outside.files.erase("out");
    (void)ask<SavedFile>(request::FileSave{file, "out", false});
    return outside.files.at("out");
}

std::vector<DeviceId> FileParty::members(const ConversationId&)
{
    std::vector<DeviceId> out;
    for (const auto& other : world_.parties)
        if (other.get() != this && other->user != "stranger") out.push_back(other->device);
    return out;
}

bool FileParty::is_own(const DeviceId& who)
{
    return owner(who) == user;
}

std::string FileParty::owner(const DeviceId& who)
{
    for (const auto& other : world_.parties)
        if (other->device == who) return other->user;
    return {};
}

std::optional<FileReach::Way> FileParty::way(const DeviceId& who)
{
    for (const auto& wire : world_.wires_) {
        if (wire.a == this && wire.b->device == who) return Way{wire.link, wire.path};
        if (wire.b == this && wire.a->device == who) return Way{wire.link, wire.path};
    }
    return std::nullopt;
}

bool FileParty::sought(const DeviceId& who, const FileId& file, Moment now)
{
    for (const auto& other : world_.parties)
        if (other->device == who && other->on && world_.relay_on)
            return other->tick([&](Files& files) { files.sought(*other, device, file, now); }), true;
    return false;
}

RelaySession* FileParty::blobs()
{
    return content_by_relay && world_.relay_on ? session_.get() : nullptr;
}

// ---- what joins them ----------------------------------------------------------------------------

FileParty& FileWorld::party(const std::string& user)
{
    parties.push_back(std::make_unique<FileParty>(*this, user, static_cast<std::uint8_t>(parties.size() + 1)));
    return *parties.back();
}

void FileWorld::link(FileParty& a, FileParty& b, Path path)
{
    wires_.push_back({++last_link_, &a, &b, path});
    for (auto* one : {&a, &b})
        one->tick([&](Files& files) { files.look(now); });
}

void FileWorld::unlink(FileParty& a, FileParty& b)
{
    for (auto at = wires_.begin(); at != wires_.end();) {
        const bool between = (at->a == &a && at->b == &b) || (at->a == &b && at->b == &a);
        if (!between) {
            ++at;
            continue;
        }
        const auto link = at->link;
        at = wires_.erase(at);
        std::erase_if(frames_, [&](const Frame& frame) { return frame.link == link; });
        for (auto* one : {&a, &b})
            one->tick([&](Files& files) { files.link_down(link, now); });
    }
}

void FileWorld::set_relay(bool on)
{
    relay_on = on;
    std::erase_if(frames_, [&](const Frame& frame) { return frame.link == relay_link; });
    for (auto& one : parties)
        one->tick([&](Files& files) {
            (void)one->session_->abandon();
            files.relay_gone();
            files.look(now);
        });
}

void FileWorld::say(FileParty& from, SendFrame frame)
{
    frames_.push_back({&from, frame.link, std::move(frame.frame)});
}

void FileWorld::deliver(Frame frame)
{
    if (frame.link == relay_link) {
        if (relay_on) relay_takes(*frame.from, frame.bytes);
        return;
    }
    for (const auto& wire : wires_) {
        if (wire.link != frame.link) continue;
        auto* const to = wire.a == frame.from ? wire.b : wire.a;
        auto decoded = wire::decode_peer_frame(frame.bytes);
        REQUIRE(decoded.ok());
        if (const auto* want = std::get_if<wire::peer::FileWant>(&*decoded))
            for (const auto& range : want->pieces)
                frame.from->wanted += range.count;
        if (auto* piece = std::get_if<wire::peer::FilePiece>(&*decoded);
            piece != nullptr && frame.from == liar && random() % 100 < lie_percent)
            piece->bytes[0] ^= 1;
        REQUIRE(Files::is_about_files(*decoded));
        return to->tick([&](Files& files) { (void)files.frame(*to, frame.link, frame.from->device, *decoded, now); });
    }
}

/// As relay/core/blobs does, without its bounds.
void FileWorld::relay_takes(FileParty& from, BytesView bytes)
{
    namespace r = wire::relay;
    const auto decoded = wire::decode_client_frame(bytes);
    REQUIRE(decoded.ok());
    const auto* request = std::get_if<r::Request>(&*decoded);
    if (request == nullptr) return; // a ping
    r::Response response;
    response.id = request->id;
    if (const auto* put = std::get_if<r::BlobPut>(&request->body)) {
        if (blob_owners.emplace(put->blob, from.user).first->second != from.user) {
            response.error.code = ErrorCode::conflict;
        } else {
            blobs[put->blob].emplace(put->piece, put->sealed);
            blobs[put->blob].emplace(UINT32_MAX, Bytes{static_cast<std::uint8_t>(put->pieces)});
        }
    } else if (const auto* query = std::get_if<r::BlobQuery>(&request->body)) {
        const auto at = blobs.find(query->blob);
        if (at == blobs.end()) {
            response.error.code = ErrorCode::no_such_file;
        } else {
            r::BlobState state;
            state.pieces = at->second.at(UINT32_MAX)[0];
            for (const auto& [piece, sealed] : at->second)
                if (piece != UINT32_MAX) state.stored.push_back({piece, 1});
            state.own = blob_owners.at(query->blob) == from.user;
            state.expires_ms = now.wall_ms + 14LL * 24 * 3600 * 1000;
            response.body = std::move(state);
        }
    } else if (const auto* get = std::get_if<r::BlobGet>(&request->body)) {
        const auto at = blobs.find(get->blob);
        if (at == blobs.end() || !at->second.contains(get->piece))
            response.error.code = ErrorCode::no_such_file;
        else
            response.body = r::BlobPiece{at->second.at(get->piece)};
    } else if (const auto* drop = std::get_if<r::BlobDrop>(&request->body)) {
        if (blob_owners.contains(drop->blob) && blob_owners.at(drop->blob) != from.user) {
            response.error.code = ErrorCode::conflict;
        } else {
            blobs.erase(drop->blob);
            blob_owners.erase(drop->blob);
        }
    }
    from.tick([&](Files& files) {
        for (auto& note : from.session_->frame(wire::encode(r::ServerFrame(std::move(response))), now)) {
            auto* answered = std::get_if<note::Answered>(&note);
            REQUIRE(answered != nullptr);
            if (const auto* fetch = std::get_if<purpose::BlobFetch>(&answered->purpose))
                files.answered(*fetch, answered->response, now);
            if (const auto* upload = std::get_if<purpose::BlobUpload>(&answered->purpose))
                files.answered(*upload, answered->response, now);
            if (const auto* drop = std::get_if<purpose::BlobDrop>(&answered->purpose))
                files.answered(*drop, answered->response, now);
        }
    });
}

bool FileWorld::run(const std::function<bool()>& done, Duration within)
{
    const auto until = now.mono + within;
    for (int steps = 0; steps < 500'000; ++steps) {
        if (done()) return true;
        if (!frames_.empty()) {
            auto frame = std::move(frames_.front());
            frames_.pop_front();
            deliver(std::move(frame));
            continue;
        }
        // Other threads are slower than all that goes back and forth.
        const auto busy = std::find_if(parties.begin(), parties.end(), [](const auto& one) {
            return one->on && !one->disk_waits && !one->jobs_.empty();
        });
        if (busy != parties.end()) {
            auto& one = **busy;
            const auto job = one.jobs_.front();
            one.jobs_.pop_front();
            one.tick([&](Files& files) { REQUIRE(files.computed(job, now)); });
            continue;
        }
        auto next = never;
        FileParty* who = nullptr;
        for (auto& one : parties)
            if (const auto due = one->deadline(); due < next) {
                next = due;
                who = one.get();
            }
        if (who == nullptr || next > until) {
            now.mono = std::max(now.mono, until);
            return done();
        }
        if (next > now.mono) {
            now.wall_ms += std::chrono::duration_cast<std::chrono::milliseconds>(next - now.mono).count();
            now.mono = next;
        }
        who->tick();
    }
    FAIL("no end");
    return false;
}

} // namespace godwit::engine::test

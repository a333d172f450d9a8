// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/history.hpp"
#include "lib/base/harmless.hpp"

namespace godwit::engine {

namespace {

namespace mark_of = wire::content::mark;

constexpr std::string_view offered_name = "history/offered"; ///< Offer id, device, file id, key.
constexpr std::size_t offered_bytes =
    MessageId::size_bytes + DeviceId::size_bytes + FileId::size_bytes + mark_of::history_key_bytes;
constexpr std::uint32_t rows_at_once = 64;
constexpr std::string_view file_name = "history.godwit-archive";

/// By the device that it is for: the id of the offer that stands.
std::string offer_name(const DeviceId& to)
{
    return "history/offer/" + to_hex(to.view());
}

/// An archive while it is made.
class ArchiveFeed final : public FileJobs::Feed {
public:
    ArchiveFeed(port::Store& store, archive::Exporter exporter) : store_(store), exporter_(std::move(exporter)) {}

    Result<Bytes> next(std::size_t size_bytes) override
    {
        while (bytes_.size() < size_bytes && !exporter_.finished() && !store_.failed()) {
            exporter_.step(rows_at_once);
            append(bytes_, exporter_.take());
        }
        if (store_.failed()) return Error{ErrorCode::storage_failed, "the history could not be read", 0};
        const auto end = bytes_.begin() + static_cast<std::ptrdiff_t>(std::min(size_bytes, bytes_.size()));
        Bytes out(bytes_.begin(), end);
        bytes_.erase(bytes_.begin(), end);
        return out;
    }

private:
    port::Store& store_;
    archive::Exporter exporter_;
    Bytes bytes_;
};

} // namespace

void History::ask(RequestId id, const request::HistoryAsk&, Moment now)
{
    if (!files_.open()) return context_.refuse(id, {ErrorCode::unsupported, "this client keeps no files", 0});
    if (!chats_.tell_own_devices({{}, 0, mark_of::HistoryWanted{}}, std::nullopt, now))
        return context_.refuse(id, {ErrorCode::invalid_argument, "this account has no other device", 0});
    context_.reply_ok(id);
}

void History::ask(RequestId id, const request::HistorySend& send, const port::StoredIdentity& identity, Moment now)
{
    const auto& own = roster_.self().devices;
    if (std::ranges::none_of(own, [&](const auto& one) { return one.device == send.device; }))
        return context_.refuse(id, {ErrorCode::invalid_argument, "device: no other device of this account", 0});
    if (!files_.open()) return context_.refuse(id, {ErrorCode::unsupported, "this client keeps no files", 0});
    WipingBytes key(mark_of::history_key_bytes);
    context_.entropy.fill(key);
    auto writer = archive::Writer::begin({archive::Secret::Kind::key, key}, context_.entropy);
    if (!writer) return context_.refuse(id, std::move(writer).error());
    wire::archive::Head head{identity.user, identity.account_key, {}, {}, now.wall_ms};
    auto feed = std::make_unique<ArchiveFeed>(
        context_.store, archive::Exporter(context_.store, *std::move(writer), std::move(head), {}, context_.entropy));
    auto begun = files_.add(std::move(feed), std::string(file_name),
                            [this, id, to = send.device, key = std::make_shared<WipingBytes>(std::move(key))](
                                const Result<FileInfo>& file, Moment at) {
                                if (file)
                                    offer(id, to, *key, *file, at);
                                else
                                    context_.refuse(id, file.error());
                            });
    if (!begun) context_.refuse(id, std::move(begun).error());
}

void History::offer(RequestId id, const DeviceId& to, const WipingBytes& key, const FileInfo& file, Moment now)
{
    withdraw(to);
    const content::FileRef ref{file.id, file.size_bytes, file.name, file.media_type, file.key};
    const auto mark =
        chats_.tell_own_devices({{}, 0, mark_of::HistoryOffer{ref, Bytes(key.begin(), key.end())}}, to, now);
    if (!mark) {
        files_.forget(file.id);
        return context_.refuse(id, {ErrorCode::invalid_argument, "device: it was revoked meanwhile", 0});
    }
    context_.store.put_value(offer_name(to), mark->view());
    const auto& self = roster_.self();
    files_.posted(self.conversation, *mark, self.stored.user, ref, true, now);
    context_.reply_ok(id);
}

void History::withdraw(const DeviceId& to)
{
    const auto stands = context_.store.value(offer_name(to));
    const auto id = stands ? MessageId::from(*stands) : std::nullopt;
    if (!id) return;
    files_.withdrawn(roster_.self().conversation, *id);
    context_.store.remove_value(offer_name(to));
}

bool History::mark(const DeviceId& from, const MessageId& id, const wire::content::Mark& mark, Moment now)
{
    if (std::holds_alternative<mark_of::HistoryWanted>(mark.what)) {
        std::string name;
        for (const auto& one : roster_.self().devices)
            if (one.device == from) name = harmless_line(one.device_name);
        context_.event(event::HistoryWanted{from, std::move(name)});
    } else if (const auto* offer = std::get_if<mark_of::HistoryOffer>(&mark.what)) {
        if (!files_.open()) return true;
        // The newest has everything that an older one has.
        if (const auto older = offered()) files_.withdrawn(roster_.self().conversation, older->id);
        put_offered({id, from, offer->file.id, WipingBytes::copy_of(offer->key)});
        const auto& self = roster_.self();
        files_.posted(self.conversation, id, self.stored.user, offer->file, false, now);
        files_.fetch(offer->file.id);
    } else if (const auto* taken = std::get_if<mark_of::HistoryTaken>(&mark.what)) {
        const auto stands = context_.store.value(offer_name(from));
        if (!stands || !std::ranges::equal(*stands, taken->offer.view())) return true;
        withdraw(from);
        context_.event(event::HistoryTaken{from});
    } else {
        return false;
    }
    return true;
}

void History::end_tick(const port::StoredIdentity* identity, Moment)
{
    if (identity == nullptr || archives_.pending()) return;
    const auto offer = offered();
    if (!offer || !files_.is_whole(offer->file)) return;
    archives_.read_offered(files_.open_kept(offer->file), offer->key, identity->account_key);
}

void History::read(const Result<ArchiveInfo>& info, Moment now)
{
    const auto offer = offered();
    if (!offer) return;
    if (info) {
        context_.event(event::HistoryReceived{offer->from, *info});
        (void)chats_.tell_own_devices({{}, 0, mark_of::HistoryTaken{offer->id}}, offer->from, now);
    } else if (info.error().code == ErrorCode::storage_failed) {
        return; // Of this disk: once more in a later tick.
    } else {
        context_.event(event::Warning{
            {info.error().code,
             "the history that another device has sent cannot be read: " + info.error().detail + "; ask for it again",
             0}});
    }
    files_.withdrawn(roster_.self().conversation, offer->id);
    context_.store.remove_value(offered_name);
}

std::optional<History::Offer> History::offered() const
{
    const auto stored = context_.store.value(offered_name);
    if (!stored || stored->size() != offered_bytes) return std::nullopt;
    BytesView rest = *stored;
    const auto take = [&](std::size_t size) {
        const auto out = rest.first(size);
        rest = rest.subspan(size);
        return out;
    };
    Offer out;
    out.id = *MessageId::from(take(MessageId::size_bytes));
    out.from = *DeviceId::from(take(DeviceId::size_bytes));
    out.file = *FileId::from(take(FileId::size_bytes));
    out.key = WipingBytes::copy_of(rest);
    return out;
}

void History::put_offered(const Offer& offer)
{
    Bytes out = to_bytes(offer.id.view());
    append(out, offer.from.view());
    append(out, offer.file.view());
    append(out, offer.key);
    context_.store.put_value(offered_name, out);
}

} // namespace godwit::engine

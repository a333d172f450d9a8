// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: the conversation with the relay on one link.
//
//   greeting ── Hello, Welcome ──> entering ── Resume | RegisterAccount | Login, AddDevice ──> roster ── last page ──>
//   ready
//
// It keeps the table of requests, their timeouts, and the keepalive. What frames mean is decided by the engine: notes
// say what came.
#pragma once

#include "lib/delivery/receipts.hpp"
#include "lib/engine/context.hpp"

#include <map>
#include <optional>

namespace godwit::engine {

/// What a request was for: comes back with its answer, or with the error that there will be none.
namespace purpose {
struct Enter {};
struct Logout {
    RequestId request = 0;
};
/// A request of the application that is about contacts or devices: the answer is its reply.
struct Contact {
    RequestId request = 0;
};
struct Put {
    MessageId message;
    std::vector<DeviceId> devices;
    std::size_t size_bytes = 0;
};
struct Receipt {
    DeviceId device;
    delivery::Receipts::Parcel parcel;
};
struct Signal {
    DeviceId device;
    std::uint64_t session = 0;
};
/// Fresh TURN credentials.
struct Refresh {};
/// A step of the upkeep of a conversation's group.
struct Group {
    ConversationId conversation;
};
/// A report that nobody waits for.
struct Report {};
/// Of a commit that is not valid here.
struct Reject {
    ConversationId conversation;
    MessageId commit;
};
/// KeyPackages of ours for the relay; or none of them, which only asks how many are left.
struct KeyPackageStock {
    bool asks = false;
};
/// What the relay has of a file, or a piece of it, for this device ...
struct BlobFetch {
    FileId file;
    std::optional<std::uint32_t> piece; ///< Absent: what there is.
    FileKey key;                        ///< Under which it lies there.
};
/// ... and by this device, for others.
struct BlobUpload {
    FileId file;
    std::optional<std::uint32_t> piece;
};
/// It goes from there.
struct BlobDrop {
    wire::BlobId blob;
};
// Of a group of many: its accounts, who asks to be let in, ...
struct GroupRoster {
    ConversationId conversation;
};
struct GroupJoins {
    ConversationId conversation;
};
/// ... that we do, for the application, ...
struct GroupJoin {
    RequestId request = 0;
    ConversationId conversation;
};
/// ... and a message for all.
struct FanOut {
    MessageId message;
    ConversationId conversation;
    std::size_t size_bytes = 0;
};
/// A page of the directory, for the application.
struct Directory {
    RequestId request = 0;
};
} // namespace purpose
using Purpose =
    std::variant<purpose::Enter, purpose::Logout, purpose::Contact, purpose::Put, purpose::Receipt, purpose::Signal,
                 purpose::Refresh, purpose::Group, purpose::Report, purpose::Reject, purpose::KeyPackageStock,
                 purpose::BlobFetch, purpose::BlobUpload, purpose::BlobDrop, purpose::GroupRoster, purpose::GroupJoins,
                 purpose::GroupJoin, purpose::FanOut, purpose::Directory>;

namespace note {
struct Welcomed {
    wire::relay::Welcome welcome;
};
struct Entered {
    wire::relay::Session session;
};
/// Login, first half: the engine makes the certificate and calls add_device().
struct VaultCame {
    wire::relay::LoginOk login;
};
/// The relay lets this device wait for another one to let it in.
struct Waiting {};
/// It has.
struct Granted {
    Bytes sealed;
};
/// Entering failed: the link is of no use.
struct Refused {
    Error why;
    std::optional<wire::relay::LoginOk> stored; ///< The relay's list, when it refuses one that is well signed.
};
struct Answered {
    Purpose purpose;
    wire::relay::Response response;
};
/// Roster, Presence, MailboxDeliver, SignalPush, Goodbye, …
struct Pushed {
    wire::relay::ServerFrame frame;
};
/// The relay broke the protocol or is silent: the link is to be closed.
struct Broken {
    Error why;
};
} // namespace note
using Note = std::variant<note::Welcomed, note::Entered, note::VaultCame, note::Waiting, note::Granted, note::Refused,
                          note::Answered, note::Pushed, note::Broken>;

class RelaySession {
public:
    enum class Stage : std::uint8_t { greeting, entering, roster, ready };
    using Entry =
        std::variant<wire::relay::Resume, wire::relay::RegisterAccount, wire::relay::Login, wire::relay::LinkWait>;

    /// `app`: of the relay's address.
    RelaySession(Context& context, LinkId link, Entry entry, std::string app);

    /// Says Hello.
    void open(Moment now);
    [[nodiscard]] std::vector<Note> frame(BytesView bytes, Moment now);
    void heard(Instant at) { last_heard_ = std::max(last_heard_, at); }
    /// The next step of entering: AddDevice, or Login again.
    void enter(wire::relay::RequestBody body, Moment now) { ask(std::move(body), purpose::Enter{}, now); }
    /// The last page of the roster has been dealt with.
    void roster_complete() { stage_ = Stage::ready; }

    /// False: pending_requests_max are waiting already.
    [[nodiscard]] bool request(wire::relay::RequestBody body, Purpose what, Moment now);
    void acknowledge(const std::vector<std::uint64_t>& sequences);
    void acknowledge_notices(std::uint64_t up_to) { send(wire::relay::NoticeAck{up_to}); }

    [[nodiscard]] std::vector<Note> handle_deadline(Moment now);
    [[nodiscard]] Instant deadline() const;
    /// What will never be answered here: the session is over.
    [[nodiscard]] std::vector<Purpose> abandon();

    [[nodiscard]] LinkId link() const { return link_; }
    [[nodiscard]] Stage stage() const { return stage_; }
    [[nodiscard]] const wire::relay::Welcome& welcome() const { return welcome_; }
    /// The relay's clock, as far as its Welcome told.
    [[nodiscard]] WallMs relay_ms(Moment now) const
    {
        return welcome_.relay_ms +
               std::chrono::duration_cast<std::chrono::milliseconds>(now.mono - welcomed_at_).count();
    }
    [[nodiscard]] std::size_t put_count() const { return put_count_; }
    [[nodiscard]] std::size_t put_bytes() const { return put_bytes_; }

private:
    struct Pending {
        Purpose purpose;
        Instant until{};
    };
    void send(const wire::relay::ClientFrame& frame);
    void ask(wire::relay::RequestBody body, Purpose what, Moment now);
    [[nodiscard]] Purpose take(std::map<std::uint64_t, Pending>::iterator at);
    [[nodiscard]] std::vector<Note> on_response(wire::relay::Response response);

    Context& context_;
    LinkId link_;
    Entry entry_;
    std::string app_;
    Stage stage_ = Stage::greeting;
    wire::relay::Welcome welcome_;
    Instant welcomed_at_{};
    std::map<std::uint64_t, Pending> pending_; ///< By id, hence by age.
    std::uint64_t last_id_ = 0;
    std::size_t put_count_ = 0;
    std::size_t put_bytes_ = 0;
    Instant last_heard_{};
    Instant ping_sent_ = never; ///< never: none is out.
};

} // namespace godwit::engine

// SPDX-License-Identifier: Apache-2.0
// The router: which room answers which request.
#include "relay/core/core.hpp"
#include "relay/core/wanted.hpp"

namespace godwit::relay {
namespace {

template <class... Handlers>
struct Overload : Handlers... {
    using Handlers::operator()...;
};

/// Requests of a connection that is not logged in.
template <class Body>
constexpr bool is_for_strangers = std::is_same_v<Body, frame::RegisterAccount> || std::is_same_v<Body, frame::Login> ||
                                  std::is_same_v<Body, frame::AddDevice> || std::is_same_v<Body, frame::Resume> ||
                                  std::is_same_v<Body, frame::LinkWait>;

} // namespace

Answer Core::serve(Session& session, const frame::RequestBody& body, Moment now)
{
    if (session.ending) return *session.ending;
    if (session.leaving) return {ErrorCode::device_revoked, "this device is none of its account any more"};
    if (session.update_required)
        return {ErrorCode::update_required,
                "this relay needs client " + config_.client_version_min + " or newer: update"};
    const bool enters = std::visit([](const auto& one) { return is_for_strangers<std::decay_t<decltype(one)>>; }, body);
    if (!enters && !session.logged_in()) return {ErrorCode::not_registered, "log in first"};

    return std::visit(Overload{
                          [&](const frame::RegisterAccount& r) { return accounts_.register_account(session, r, now); },
                          [&](const frame::Login& r) { return accounts_.login(session, r, now); },
                          [&](const frame::AddDevice& r) { return devices_.add(session, r, now); },
                          [&](const frame::Resume&) { return accounts_.resume(session, now); },
                          [&](const frame::Logout& r) { return devices_.logout(session, r); },
                          [&](const frame::DevicesPut& r) { return devices_.put(session, r, now); },
                          [&](const frame::ContactAdd& r) { return roster_.add(session, r.user, now); },
                          [&](const frame::ContactAccept& r) { return roster_.accept(session, r.user, now); },
                          [&](const frame::ContactRemove& r) { return roster_.remove(session, r.user, now); },
                          [&](const frame::ContactBlock& r) { return roster_.block(session, r.user, now); },
                          [&](const frame::ContactUnblock& r) { return roster_.unblock(session, r.user, now); },
                          [&](const frame::MailboxPut& r) { return mailbox_.put(session, r, now); },
                          [&](const frame::KeyPackagePublish& r) { return key_packages_.publish(session, r, now); },
                          [&](const frame::KeyPackageFetch& r) { return key_packages_.fetch(session, r, now); },
                          [&](const frame::GroupCommit& r) { return groups_.commit(session, r, now); },
                          [&](const frame::GroupFetch& r) { return groups_.fetch(session, r, now); },
                          [&](const frame::GroupReject& r) { return groups_.reject(session, r, now); },
                          [&](const frame::BlobPut& r) { return blobs_.put(session, r, now); },
                          [&](const frame::BlobQuery& r) { return blobs_.query(session, r, now); },
                          [&](const frame::BlobGet& r) { return blobs_.get(session, r, now); },
                          [&](const frame::BlobDrop& r) { return blobs_.drop(session, r, now); },
                          [&](const frame::Signal& r) {
                              auto route = signals_.route(session, r, now);
                              if (route.to != 0) say(route.to, frame::SignalPush{session.peer.device, r.sealed});
                              if (route.answer.error.code == ErrorCode::not_connected)
                                  note_wanted(context_, session, r.device, now);
                              return std::move(route.answer);
                          },
                          [&](const frame::LinkWait&) {
                              auto answer = linking_.wait(session, now);
                              if (answer.error.code == ErrorCode::ok)
                                  strangers_.erase(session.link); // another clock runs now
                              return answer;
                          },
                          [&](const frame::LinkGrant& r) {
                              auto route = linking_.grant(session, r, now);
                              if (route.to != 0) say(route.to, frame::LinkGranted{r.sealed});
                              return std::move(route.answer);
                          },
                          [&](const frame::FetchSession&) { return accounts_.session_info(session, now); },
                          [&](const frame::GroupPut& r) { return members_.put(session, r, now); },
                          [&](const frame::GroupRosterFetch& r) { return members_.roster(session, r); },
                          [&](const frame::GroupJoin& r) { return joins_.ask(session, r, now); },
                          [&](const frame::GroupJoinsFetch& r) { return joins_.fetch(session, r, now); },
                          [&](const frame::GroupJoinRefuse& r) { return joins_.refuse(session, r, now); },
                          [&](const frame::GroupTreePut& r) { return trees_.put(session, r, now); },
                          [&](const frame::GroupTreeGet& r) { return trees_.get(session, r, now); },
                          [&](const frame::ReportFile& r) { return desk_.file(session, r, now); },
                          [&](const frame::DirectoryFetch& r) { return desk_.directory(session, r, now); },
                      },
                      body);
}

} // namespace godwit::relay

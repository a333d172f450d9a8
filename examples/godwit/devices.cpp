// SPDX-License-Identifier: Apache-2.0
#include "devices.hpp"

#include "words.hpp"

#include <cctype>
#include <sstream>

namespace {

std::string hex(const godwit::DeviceId& id)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const auto byte : id.bytes) {
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::string lower(std::string text)
{
    for (char& letter : text)
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return text;
}

godwit::Error invalid(std::string detail)
{
    return {godwit::ErrorCode::invalid_argument, std::move(detail), 0};
}

} // namespace

std::string device_line(const godwit::Device& device)
{
    std::string out = device.online ? "● " : "○ ";
    out += hex(device.id).substr(0, device_shown_length);
    out += "  " + (device.name.empty() ? std::string("(no name)") : printable(device.name));
    if (device.created_ms > 0) out += "  since " + clock_text(device.created_ms, wall_now_ms());
    if (device.current) out += "  this device";
    return out;
}

godwit::Result<godwit::DeviceId> device_of(const std::vector<godwit::Device>& devices, const std::string& word)
{
    const std::string start = lower(word);
    const godwit::Device* found = nullptr;
    for (const auto& device : devices) {
        const bool by_id =
            start.size() >= device_word_length_min && hex(device.id).compare(0, start.size(), start) == 0;
        if (!by_id && (device.name != word || word.empty())) continue;
        if (found != nullptr) return invalid("more than one device is called that: give more of its id's digits");
        found = &device;
    }
    if (found != nullptr) return found->id;
    return invalid("no device of yours has this name, or an id that begins so (" +
                   std::to_string(device_word_length_min) + " digits or more)");
}

std::string safety_text(const godwit::SafetyNumber& safety, const std::string& with)
{
    constexpr int groups_a_line = 4;
    std::string out = "Safety number of you and " + with + ":";
    std::istringstream groups(safety.number);
    std::string group;
    for (int i = 0; groups >> group; ++i)
        out += (i % groups_a_line == 0 ? "\n    " : " ") + group;
    out += safety.verified
               ? "\n✔ You have compared it."
               : "\nNot compared yet. When " + with +
                     " sees the same number, nobody is between you: look together, or read it out in a call.";
    return out + "\nFor " + with + "'s device, instead of reading: " + safety.code;
}

std::string security_text(const godwit::event::Security& event, const std::string& own_name)
{
    using godwit::SecurityKind;
    const bool own = !own_name.empty() && event.user == own_name;
    const std::string user = event.user.empty() ? "somebody" : printable(event.user);
    const std::string who = own ? "you" : user;
    const std::string talk = own                  ? "what your devices tell each other"
                             : event.user.empty() ? "a conversation"
                                                  : "your conversation with " + user;
    const std::string name = event.detail.empty() ? "" : " (" + printable(event.detail) + ")"; // of a device
    const std::string distrust = " If this happens again, do not trust this relay.";
    switch (event.kind) {
    case SecurityKind::account_key_changed:
        return user + " is not who " + user +
               " was: another identity shows under this name. Nothing is sent. Compare the safety number, then verify; "
               "or accept " +
               user + " again to go on without.";
    case SecurityKind::device_added:
        return own ? "you have a new device" + name + ". If you did not add it, revoke it."
                   : user + " has a new device" + name + ". It can read what you write from now on.";
    case SecurityKind::device_removed:
        return own ? "one of your devices" + name + " was removed: it cannot read what comes from now on."
                   : user + " has removed a device" + name + ": it cannot read what you write from now on.";
    case SecurityKind::device_list_rollback:
        return "the relay showed an old list of the devices of " + who + ". It was ignored." + distrust;
    case SecurityKind::device_list_conflict:
        return "the relay showed a false list of the devices of " + who + ". It was ignored." + distrust;
    case SecurityKind::key_package_invalid:
        return "the relay gave out something false for a device of " + who + ". It is not used." + distrust;
    case SecurityKind::commit_rejected: return "a change to " + talk + " was not allowed. It was undone.";
    case SecurityKind::group_forked:
        return "the relay showed different sides of " + talk + " different things. This is put right now." + distrust;
    case SecurityKind::group_rejoined:
        return "this device had lost the thread of " + talk + " and has taken it up again by itself.";
    case SecurityKind::commit_withheld:
        return "something that is needed to read " + talk + " does not come from the relay." + distrust;
    case SecurityKind::message_unopenable:
        return "a message from " + who + " could not be read; it was asked for again.";
    case SecurityKind::message_forged:
        return "something that claimed to come from " + who + " was false, or changed on its way. It was thrown away.";
    case SecurityKind::device_unlisted:
        return "a device that " + who + " did not approve was in " + talk + ". It is put out before anything is sent.";
    case SecurityKind::group_invalid: return "a false invitation to " + talk + " came. It was refused.";
    case SecurityKind::device_evicted:
        return "a device of " + who + " was put out of " + talk + " by the other side. It comes back by itself.";
    }
    return "something about the safety of " + talk + " happened that this version has no words for.";
}

// SPDX-License-Identifier: Apache-2.0
// The history as a file, and from one device of the account to another.
#include "chat.hpp"

#include "devices.hpp"
#include "words.hpp"

namespace request = godwit::request;

void Chat::archive(const std::string& path, const std::string& how, bool read)
{
    on_secret_ = [this, path, how, read](const std::string& passphrase) {
        const auto answer = [this, read](const godwit::event::Reply& reply) {
            if (const auto* info = std::get_if<godwit::ArchiveInfo>(&reply.value))
                screen_.print("  " + archive_text(*info, read));
        };
        if (read)
            ask(request::ArchiveRead{path, passphrase, how == "check"}, answer);
        else
            ask(request::ArchiveMake{path, passphrase, how == "changes", false}, answer);
    };
    screen_.set_prompt(read ? "the archive's passphrase: " : "a passphrase for the archive (8 characters or more): ");
    screen_.set_secret(true);
}

void Chat::send_history(const std::string& name)
{
    if (name.empty())
        return ask(request::HistoryAsk{}, said("your other devices are asked: /give-history there says yes"));
    ask(request::Devices{}, [this, name](const godwit::event::Reply& reply) {
        const auto* devices = std::get_if<std::vector<godwit::Device>>(&reply.value);
        if (devices == nullptr) return;
        const auto device = device_of(*devices, name);
        if (!device) return screen_.print("! " + error_text(device.error()));
        ask(request::HistorySend{*device}, said("the history is on its way to " + printable(name)));
    });
}

void Chat::show(const godwit::event::ArchiveProgress& e)
{
    screen_.print("  archive: " + std::to_string(e.bytes) +
                  (e.bytes_total > 0 ? " of " + std::to_string(e.bytes_total) : std::string()) + " bytes");
}

void Chat::show(const godwit::event::HistoryWanted& e)
{
    const auto name = printable(e.device_name);
    screen_.print("! your device " + name + " asks for the history: /give-history " + (name.empty() ? "DEVICE" : name) +
                  " says yes");
}

void Chat::show(const godwit::event::HistoryTaken&)
{
    screen_.print("  your other device has the history");
}

void Chat::show(const godwit::event::HistoryReceived& e)
{
    screen_.print("  the history of your other device is here: " + archive_text(e.archive, true));
}

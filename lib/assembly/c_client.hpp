// SPDX-License-Identifier: Apache-2.0
// What is behind a handle of the C ABI.
//
//   godwit_open  -> CClient, under a number that is never given out again ──> the handle
//   any function -> Entered (handle): finds it, or not; keeps it from going away meanwhile
//   godwit_close -> out of the table; once everybody has left, it goes
//
// A handle is a number that looks like a pointer and is never followed: NULL, a closed client and a stranger's pointer
// are found out, whatever they are, and so is a client of the parent in the child of a fork. The table belongs to the
// process (docs/adr/0042-schema.md); nothing is shared between clients but that.
#pragma once

#include "lib/assembly/c_options.hpp"
#include "lib/assembly/life.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace godwit::assembly {

class CClient {
public:
    CClient(std::unique_ptr<client::Facade> facade, ClientOptions options)
        : life_(std::move(facade), std::move(options))
    {
    }

    [[nodiscard]] Life& life() { return life_; }
    [[nodiscard]] client::Facade& facade() { return life_.facade(); }

    /// As godwit_request.
    [[nodiscard]] int request(std::string_view json);
    /// As godwit_next. Null also where there is no memory for the text: the event is not lost, and comes again.
    [[nodiscard]] char* next(int timeout_ms);

private:
    [[nodiscard]] std::string render(const Event& event);
    void said(const Event& event);

    Life life_;

    std::mutex mutex_;                               ///< Of the next.
    std::unordered_map<RequestId, std::string> ids_; ///< The caller's id, as JSON.
};

/// Of milliseconds in C: negative is without limit.
[[nodiscard]] inline std::chrono::milliseconds span(int ms)
{
    return ms < 0 ? std::chrono::milliseconds::max() : std::chrono::milliseconds(ms);
}

/// Gives a client its handle.
[[nodiscard]] godwit_client* publish(std::unique_ptr<CClient> client);

/// A call under way. False when the handle is no open client's.
class Entered {
public:
    explicit Entered(const godwit_client* handle);
    ~Entered();
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

    explicit operator bool() const { return seat_ != nullptr; }
    CClient* operator->() const;
    /// This thread is inside another call of the same client: it comes out of a hook.
    [[nodiscard]] bool nested() const { return outer_ == seat_.get(); }

    struct Seat;

private:
    std::shared_ptr<Seat> seat_;
    Seat* outer_ = nullptr; ///< Of the call that this one is inside of, on this thread.
};

/// As godwit_close.
void close(godwit_client* handle);

} // namespace godwit::assembly

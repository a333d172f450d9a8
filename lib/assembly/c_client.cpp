// SPDX-License-Identifier: Apache-2.0
#include "lib/assembly/c_client.hpp"

#include "lib/assembly/c_memory.hpp"
#include "lib/json/json.hpp"

#include <list>
#include <thread>

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace godwit::assembly {

namespace {

int number(ErrorCode code)
{
    return static_cast<int>(code);
}

} // namespace

// ---- requests and events ------------------------------------------------------------------------

int CClient::request(std::string_view json)
{
    auto parsed = json::parse_request(json);
    if (parsed.quit) parsed.request = Error{ErrorCode::ok, {}, 0};
    // The lock spans both: next() must not meet the reply before the id is known. And what is taken is not refused for
    // want of memory: its place is made first.
    std::unordered_map<RequestId, std::string> place;
    place.emplace(0, std::move(parsed.id));
    const std::lock_guard lock(mutex_);
    ids_.reserve(ids_.size() + 1);
    const auto id = parsed.request.ok() ? facade().submit(*std::move(parsed.request))
                                        : facade().refuse(std::move(parsed.request).error());
    if (!id.ok()) return number(id.error().code);
    auto node = place.extract(0);
    node.key() = *id;
    ids_.insert(std::move(node));
    return parsed.quit ? GODWIT_QUIT : 0;
}

char* CClient::next(int timeout_ms)
{
    std::list<Event> hand(1); // before the event is taken: giving it back takes no memory
    auto event = timeout_ms == 0 ? facade().poll() : facade().wait(span(timeout_ms));
    if (!event) return nullptr;
    hand.front() = *std::move(event);
    char* text = nullptr;
    try {
        text = copy_out(render(hand.front()));
    } catch (const std::exception&) { // as if there were no memory for the copy
    }
    if (text != nullptr)
        said(hand.front());
    else
        facade().give_back(std::move(hand));
    return text;
}

std::string CClient::render(const Event& event)
{
    const auto* reply = std::get_if<event::Reply>(&event);
    if (reply == nullptr) return json::render_event(event);
    std::string id = "null";
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = ids_.find(reply->id); at != ids_.end()) id = at->second;
    }
    return json::render_reply(*reply, id);
}

void CClient::said(const Event& event)
{
    const auto* reply = std::get_if<event::Reply>(&event);
    if (reply == nullptr) return;
    const std::lock_guard lock(mutex_);
    ids_.erase(reply->id);
}

// ---- handles ------------------------------------------------------------------------------------

struct Entered::Seat {
    std::unique_ptr<CClient> client;
    std::mutex mutex;
    std::condition_variable left;
    std::size_t inside = 0;     ///< Calls under way.
    std::shared_ptr<Seat> next; ///< In the table's list of those that nobody could end.
};

namespace {

/// The client that this thread is inside of: a call that comes out of a hook must not wait for itself.
thread_local Entered::Seat* inside_of = nullptr;

class Table {
public:
    static Table& instance()
    {
        static Table* const table = make(); // outlives whoever closes a client while the process ends
        return *table;
    }
    std::uintptr_t add(std::shared_ptr<Entered::Seat> seat)
    {
        const std::lock_guard lock(mutex_);
        last_ += 2; // odd, like no object's address
        seats_.emplace(last_, std::move(seat));
        return last_;
    }
    std::shared_ptr<Entered::Seat> enter(std::uintptr_t handle)
    {
        const std::lock_guard lock(mutex_);
        const auto it = seats_.find(handle);
        if (it == seats_.end() || handle <= inherited_) return nullptr;
        const std::lock_guard seat_lock(it->second->mutex);
        ++it->second->inside;
        return it->second;
    }
    std::shared_ptr<Entered::Seat> remove(std::uintptr_t handle)
    {
        const std::lock_guard lock(mutex_);
        if (handle <= inherited_) return nullptr;
        const auto node = seats_.extract(handle);
        return node.empty() ? nullptr : node.mapped();
    }

    /// For the next who can wait: there was no thread to end it.
    void put_off(std::shared_ptr<Entered::Seat> seat) noexcept
    {
        const std::lock_guard lock(mutex_);
        seat->next = std::move(put_off_);
        put_off_ = std::move(seat);
    }
    std::shared_ptr<Entered::Seat> take_put_off() noexcept
    {
        const std::lock_guard lock(mutex_);
        return std::move(put_off_);
    }

private:
    /// A fork copies clients without their threads: to end one would be to wait for ever for what is not there. So the
    /// child knows none of them, and leaves alone what they hold; it may open others.
    static Table* make()
    {
        auto* const table = new Table;
#if !defined(_WIN32)
        (void)::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                               [] {
                                   instance().inherited_ = instance().last_;
                                   if (instance().put_off_) // left alone likewise, for ever
                                       (void)new std::shared_ptr(std::move(instance().put_off_));
                                   instance().mutex_.unlock();
                               });
#endif
        return table;
    }

    std::mutex mutex_;
    std::unordered_map<std::uintptr_t, std::shared_ptr<Entered::Seat>> seats_;
    std::shared_ptr<Entered::Seat> put_off_;
    std::uintptr_t last_ = 0x1001;
    std::uintptr_t inherited_ = 0; ///< Up to here: of the process that this one was forked from.
};

std::uintptr_t number_of(const godwit_client* handle)
{
    return reinterpret_cast<std::uintptr_t>(handle);
}

void end(const std::shared_ptr<Entered::Seat>& seat)
{
    {
        std::unique_lock lock(seat->mutex);
        seat->left.wait(lock, [&] { return seat->inside == 0; });
    }
    seat->client.reset();
}

void end_put_off()
{
    for (auto seat = Table::instance().take_put_off(); seat; seat = std::move(seat->next))
        end(seat);
}

} // namespace

godwit_client* publish(std::unique_ptr<CClient> client)
{
    end_put_off();
    auto seat = std::make_shared<Entered::Seat>();
    seat->client = std::move(client);
    return reinterpret_cast<godwit_client*>(Table::instance().add(std::move(seat))); // NOLINT: never followed
}

Entered::Entered(const godwit_client* handle) : seat_(Table::instance().enter(number_of(handle))), outer_(inside_of)
{
    if (seat_) inside_of = seat_.get();
}

Entered::~Entered()
{
    if (!seat_) return;
    inside_of = outer_;
    const std::lock_guard lock(seat_->mutex);
    if (--seat_->inside == 0) seat_->left.notify_all();
}

CClient* Entered::operator->() const
{
    return seat_->client.get();
}

void close(godwit_client* handle)
{
    const auto seat = Table::instance().remove(number_of(handle));
    if (!seat) return;
    auto& facade = seat->client->facade();
    facade.end_waits();
    // Out of a hook, whose own call has to return first: somebody else ends it then. A hook of another client counts:
    // one of this client may be closing that one.
    if (client::Facade::on_any_loop_thread() || inside_of != nullptr) {
        try {
            std::thread([seat] { end(seat); }).detach();
        } catch (const std::exception&) {
            Table::instance().put_off(seat);
        }
        return;
    }
    end_put_off();
    end(seat);
}

} // namespace godwit::assembly

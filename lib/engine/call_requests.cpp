// SPDX-License-Identifier: Apache-2.0
// What the application asks about calls.
#include "lib/engine/state.hpp"

namespace godwit::engine {

void Engine::State::refuse_call(RequestId id)
{
    if (!is_ready_to_talk(id)) return;
    context.refuse(id, {ErrorCode::unsupported, "calls: this build of godwit has no media", 0});
}

void Engine::State::on(RequestId id, const request::CallPlace&, Moment)
{
    refuse_call(id);
}

void Engine::State::on(RequestId id, const request::CallAnswer&, Moment)
{
    refuse_call(id);
}

void Engine::State::on(RequestId id, const request::CallReject&, Moment)
{
    refuse_call(id);
}

void Engine::State::on(RequestId id, const request::CallHangUp&, Moment)
{
    refuse_call(id);
}

void Engine::State::on(RequestId id, const request::CallSetMedia&, Moment)
{
    refuse_call(id);
}

void Engine::State::on(RequestId id, const request::CallStats&, Moment)
{
    refuse_call(id);
}

void Engine::State::on(RequestId id, const request::Calls&, Moment)
{
    if (is_ready_to_talk(id)) context.reply(id, std::vector<CallInfo>{});
}

} // namespace godwit::engine

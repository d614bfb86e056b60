// Bodies of requests for an answer, in all forms that serve takes.
#include "engine/server/apifailure.h"

#include "engine/server/chatcall.h"
#include "engine/server/chatfields.h"
#include "tests/fuzz/fuzz.h"
#include <nlohmann/json.hpp>

using namespace argali;

ARGALI_FUZZ(chat)
{
    static server::MediaVault vault(0);
    const auto tryTo = [](auto read) {
        try {
            read();
        } catch (const server::ApiFailure& failure) {
            fuzz::require(failure.status() >= 400 && failure.status() < 500,
                          "a request is refused as our own fault");
        }
    };
    nlohmann::json body;
    try {
        body = server::parseBody(bytes, 1 << 20);
    } catch (const server::ApiFailure&) {
        return;
    }
    tryTo([&] {
        const server::ChatCall call = server::readChatCall(body, vault);
        fuzz::require(!call.request.messages.empty(), "a question without messages");
    });
    tryTo([&] { server::readCompletionCall(body); });
    tryTo([&] { server::readGlmCall(body); });
    server::namesAddresses(body);
}

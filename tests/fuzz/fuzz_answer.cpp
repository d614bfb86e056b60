// The body of an answer of any server, as the window reads it and as the router passes it on.
#include "engine/remote/answerstream.h"
#include "engine/server/relaystream.h"
#include "tests/fuzz/fuzz.h"

ARGALI_FUZZ(answer)
{
    using argali::remote::AnswerFormat;
    for (const AnswerFormat format :
         {AnswerFormat::Auto, AnswerFormat::Events, AnswerFormat::Json}) {
        argali::remote::AnswerStream stream({.format = format});
        for (const std::string_view piece : argali::fuzz::inPieces(bytes))
            stream.push(piece);
        stream.finish();
        argali::fuzz::require(stream.isOver(), "an answer without an end");
    }
    argali::server::RelayStream relay;
    std::string passed;
    bool failed = false;
    for (const std::string_view piece : argali::fuzz::inPieces(bytes)) {
        const auto step = relay.push(piece);
        argali::fuzz::require(!failed || step.pass.empty(), "something passes after a failure");
        passed += step.pass;
        failed = failed || step.failure;
    }
    const auto last = relay.finish();
    passed += last.pass;
    argali::fuzz::require(failed || last.failure || passed.ends_with("data: [DONE]\n\n"),
                          "an answer without an end passes");
}

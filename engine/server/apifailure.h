#pragma once

#include <map>
#include <stdexcept>
#include <string>

#include "engine/error.h"
#include "engine/server/httpserver.h"

namespace argali::server {

/// A request that gets no answer. code is stable, for programs; what() is a sentence of a fixed set
/// with what was asked in it, and never has a path or an address of this machine.
class ApiFailure final : public std::runtime_error {
public:
    /// parameter: the field of the request that is wrong; may be empty
    ApiFailure(int status, std::string code, const std::string& sentence,
               std::string parameter = {})
        : std::runtime_error(sentence),
          m_status(status),
          m_code(std::move(code)),
          m_parameter(std::move(parameter))
    {
    }
    int status() const { return m_status; }
    const std::string& code() const { return m_code; }
    const std::string& parameter() const { return m_parameter; }

private:
    int m_status;
    std::string m_code;
    std::string m_parameter;
};

/// What a client may know of an error of the engine; the rest is for the log.
ApiFailure toFailure(const Error& error);

/// {"error": {"message", "type", "param", "code"}}, as clients of this kind of server read it.
std::string failureJson(const ApiFailure& failure);
HttpAnswer failureAnswer(const ApiFailure& failure);
/// For what the HTTP server refuses by itself.
HttpAnswer protocolAnswer(int status);

} // namespace argali::server

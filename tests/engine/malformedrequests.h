#pragma once

#include <string>
#include <utility>
#include <vector>

/// Bodies for /v1/chat/completions that must be refused, with the code of the refusal.
inline std::vector<std::pair<std::string, std::string>> malformedRequests()
{
    std::vector<std::pair<std::string, std::string>> list;
    const std::string good = R"("messages":[{"role":"user","content":"Hi"}])";
    // Not JSON, or too much of it.
    for (const char* text : {"",
                             " ",
                             "{",
                             "}",
                             "[",
                             "nul",
                             "{]",
                             "{\"a\":}",
                             "{\"a\":1,}",
                             "{'a':1}",
                             "{\"a\":01}",
                             "{\"a\":1e}",
                             "{\"a\":NaN}",
                             "{\"a\":Infinity}",
                             "{\"a\":\"\x01\"}",
                             "{\"a\":\"\\x\"}",
                             "{\"a\":\"\\ud800\"}",
                             "{\"a\":\"\xff\"}",
                             "{\"a\":\"\xed\xa0\x80\"}",
                             "\xef\xbb\xbf{}",
                             "{} {}",
                             "{}x",
                             "// c\n{}",
                             "{\"messages\":[}"})
        list.emplace_back(text, "invalid_json");
    list.emplace_back(std::string("{\"a\":\"") + '\0' + "\"}", "invalid_json");
    list.emplace_back(std::string(100'000, '['), "invalid_json");
    const std::string page = R"({"type":"text","text":")" + std::string(8'000'000, 'x') + "\"}";
    list.emplace_back(R"({"messages":[{"role":"user","content":[)" + page + ',' + page + "]}]}",
                      "text_too_long");
    list.emplace_back("{\"a\":" + std::string(200, '[') + std::string(200, ']') + "}",
                      "invalid_json");
    std::string many = "{\"a\":[0";
    for (int i = 0; i < 300'000; ++i)
        many += ",0";
    list.emplace_back(many + "]}", "invalid_json");
    // No object.
    for (const char* text : {"[]", "1", "null", "\"text\"", "true"})
        list.emplace_back(text, "invalid_type");
    // Messages.
    for (const char* messages :
         {"null",
          "[]",
          "{}",
          "\"Hi\"",
          "1",
          "[{\"role\":\"user\"}]",
          "[{\"role\":\"user\",\"content\":1}]",
          "[{\"role\":\"user\",\"content\":{}}]",
          "[{\"role\":\"user\",\"content\":true}]",
          "[{\"content\":\"Hi\"}]",
          "[{\"role\":\"\",\"content\":\"Hi\"}]",
          "[{\"role\":\"User\",\"content\":\"Hi\"}]",
          "[{\"role\":1,\"content\":\"Hi\"}]",
          "[{\"role\":\"root\",\"content\":\"Hi\"}]",
          "[{\"role\":\"user\",\"content\":[{\"type\":\"audio\"}]}]",
          "[{\"role\":\"user\",\"content\":[{}]}]",
          "[{\"role\":\"user\",\"content\":[{\"type\":1}]}]",
          "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":5}]}]",
          "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]",
          "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":5}]}]",
          "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}]",
          "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":5}}]}]",
          "[{\"role\":\"user\",\"content\":[{\"type\":\"video_url\",\"video_url\":null}]}]"})
        list.emplace_back(std::string("{\"messages\":") + messages + "}", "invalid_value");
    for (const char* messages :
         {"[1]", "[[]]", "[null]", "[\"Hi\"]", "[{\"role\":\"user\",\"content\":[1]}]",
          "[{\"role\":\"user\",\"content\":[[]]}]", "[{\"role\":\"user\",\"content\":[\"x\"]}]"})
        list.emplace_back(std::string("{\"messages\":") + messages + "}", "invalid_type");
    list.emplace_back("{\"model\":\"pocket\"}", "invalid_value");
    list.emplace_back(
        R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]})",
        "last_message_not_user");
    list.emplace_back(R"({"messages":[{"role":"system","content":"a"}]})", "last_message_not_user");
    for (const char* role : {"tool", "function"})
        list.emplace_back(std::string("{\"messages\":[{\"role\":\"") + role +
                              "\",\"content\":\"a\"}]}",
                          "tools_not_supported");
    list.emplace_back(
        R"({"messages":[{"role":"assistant","tool_calls":[]},{"role":"user","content":"a"}]})",
        "tools_not_supported");
    // Addresses and data.
    const auto picture = [&list](const std::string& url, const char* code) {
        list.emplace_back(
            R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":")" +
                url + "\"}}]}]}",
            code);
    };
    for (const char* url :
         {"http://127.0.0.1/a.png", "https://example.org/a.png", "file:///etc/passwd",
          "/etc/passwd", "ftp://example.org/", "", "DATA:image/png;base64,AAAA", "javascript:1"})
        picture(url, "url_not_allowed");
    for (const char* url :
         {"data:", "data:image/png", "data:image/png;base64", "data:image/png,AAAA",
          "data:image/png;base64,", "data:image/png;base64,====", "data:image/png;base64,A",
          "data:image/png;base64,AA A", "data:;base64,A===", "data:image/png;base64,AA-_",
          "data:image/png;base64,AB==", "data:image/png;base64,A=AA"})
        picture(url, "bad_data_url");
    picture("data:image/png;base64,AAAA", "bad_media");
    picture("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA", "bad_media");
    // Options: name, and values of wrong types or beyond the bounds.
    for (const auto& [name, values] : std::vector<std::pair<std::string, std::vector<std::string>>>{
             {"model", {"1", "[]", "{}"}},
             {"stream", {"1", "\"true\"", "[]"}},
             {"temperature", {"-1", "1000", "\"hot\"", "[]", "true"}},
             {"top_p", {"-0.1", "1.1", "\"\""}},
             {"top_k", {"-2", "1.5", "99999999999", "\"5\""}},
             {"min_p", {"-1", "2"}},
             {"repetition_penalty", {"0", "-1", "1000"}},
             {"seed", {"1.5", "\"a\"", "18446744073709551615", "1e400"}},
             {"max_tokens", {"0", "-1", "1.5", "\"9\"", "1000001"}},
             {"max_completion_tokens", {"0", "-5", "{}"}},
             {"n", {"0", "-1", "\"1\"", "1000"}},
             {"stop", {"1", "[1]", "\"\"", "[\"\"]", "{}", "[[\"a\"]]"}},
             {"stop",
              {"[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
               "\"a\",\"a\",\"a\",\"a\"]"}},
             {"enable_thinking", {"1", "\"yes\""}},
             {"thinking_token_budget", {"0", "-1", "\"many\""}},
             {"reasoning_effort", {"1", "[]"}}})
        for (const std::string& value : values) // a number beyond all numbers is no JSON
            list.emplace_back("{\"" + name + "\":" + value + "," + good + "}",
                              value == "1e400" ? "invalid_json" : "invalid_value");
    for (const char* member : {"stream_options", "chat_template_kwargs", "mm_processor_kwargs",
                               "media_io_kwargs", "response_format"})
        for (const char* value : {"1", "[]", "\"a\""})
            list.emplace_back(std::string("{\"") + member + "\":" + value + "," + good + "}",
                              "invalid_type");
    for (const char* member :
         {R"("mm_processor_kwargs":{"min_pixels":9,"max_pixels":4})",
          R"("mm_processor_kwargs":{"min_pixels":-1})",
          R"("media_io_kwargs":{"video":{"num_frames":-1}})",
          R"("media_io_kwargs":{"video":{"num_frames":100000}})",
          R"("chat_template_kwargs":{"thinking_token_budget":4})",
          R"("chat_template_kwargs":{"enable_thinking":1})", R"("tools":1)",
          R"("stream_options":{"include_usage":"yes"})", R"("logprobs":1)", R"("top_logprobs":3)",
          R"("logprobs":false,"top_logprobs":3)", R"("logprobs":true,"top_logprobs":21)",
          R"("logprobs":true,"top_logprobs":-1)", R"("logprobs":true,"top_logprobs":"3")"})
        list.emplace_back(std::string("{") + member + "," + good + "}", "invalid_value");
    for (const char* member :
         {R"("n":2)", R"("presence_penalty":1)", R"("frequency_penalty":-1)",
          R"("response_format":{"type":"json_object"})", R"("response_format":{})",
          R"("modalities":["audio"])", R"("continue_final_message":true)"})
        list.emplace_back(std::string("{") + member + "," + good + "}", "unsupported_parameter");
    list.emplace_back(R"({"tools":[{"type":"function"}],)" + good + "}", "tools_not_supported");
    list.emplace_back(R"({"model":"no-such-model",)" + good + "}", "model_not_found");
    return list;
}

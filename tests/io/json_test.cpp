// Documents read back as written; what is broken, doubled, too deep or too large is refused with its place.
#include "io/json.hpp"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>

#include "base/error.hpp"
#include "base/escape.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/hostile.hpp"

using namespace moelm;

namespace {

std::string message_of(const std::function<void()>& action, Exit expected = Exit::bad_data) {
  try {
    action();
  } catch (const Error& e) {
    REQUIRE(e.exit() == expected);
    return e.what();
  }
  FAIL("nothing was refused");
  return {};
}

std::string refusal(const std::string& text, const JsonLimits& limits = {}) {
  return message_of([&] { parse_json(text, "f.json", limits); });
}

}  // namespace

TEST_CASE("a document keeps its values and the order of its keys") {
  const std::string text = R"({"z":[1,-2,18446744073709551615,0.1,true,null],"a":{"ü":"\n"},"e":{},"l":[]})";
  REQUIRE(json_text(parse_json(text, "f")) == text);
  REQUIRE(json_text(parse_json("7", "f")) == "7");
}

TEST_CASE("a syntax error names the file, the byte and what was expected") {
  const std::string message = refusal("{\"a\": 1,, }");
  REQUIRE(message.find("f.json: byte 9: not valid JSON: ") == 0);
  REQUIRE(message.find("expected string literal") != std::string::npos);
  REQUIRE(refusal("").find("f.json: byte 1: ") == 0);
  REQUIRE(refusal("{} x").find("byte 4") != std::string::npos);
  REQUIRE(refusal("{\"a\": 1e999}").find("1e999") != std::string::npos);
  REQUIRE(refusal("\"\xff\"").find("UTF-8") != std::string::npos);
  REQUIRE_FALSE(refusal("[NaN]").empty());
}

TEST_CASE("a key given twice is refused with its path, also within another object") {
  REQUIRE(refusal(R"({"a":1,"b":2,"a":3})") == "f.json: a: expected the key once in its object, found it twice");
  REQUIRE(refusal(R"([7,{"x":{"a":1,"\u0061":3}}])").find("f.json: 1.x.a: expected the key once") == 0);
  REQUIRE_NOTHROW(parse_json(R"({"a":{"a":1},"b":{"a":1}})", "f"));
}

TEST_CASE("depth and size have limits") {
  const std::string deep = std::string(64, '[') + std::string(64, ']');
  REQUIRE_NOTHROW(parse_json(deep, "f"));
  REQUIRE(holds(refusal("[" + deep + "]"), "0.0: expected at most 64 levels"));
  REQUIRE_FALSE(refusal(std::string(10000000, '[')).empty());
  REQUIRE(refusal("[1,2,3]", {.bytes = 6, .depth = 4}) == "f.json: size: expected JSON of at most 6 bytes, found 7");
}

TEST_CASE("strings and numbers of more than 64 KiB are refused with their byte") {
  const std::string text(65'534, 'a');
  REQUIRE_NOTHROW(parse_json("[\"" + text + "\"]", "f"));
  REQUIRE(refusal("[ \"a" + text + "\"]") ==
          "f.json: byte 3: expected a string, number or word of at most 65536 bytes, found 65537");
  REQUIRE(refusal("[1, " + std::string(70'000, '1') + "]").find("f.json: byte 5: expected a string") == 0);
  REQUIRE_NOTHROW(parse_json("[\"" + std::string(40'000, ' ') + "\\\"\", \"" + std::string(40'000, ',') + "\"]", "f"));
}

TEST_CASE("an object of very many keys takes linear time") {
  std::string text = "{";
  for (int i = 0; i < 200000; ++i) text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":0";
  REQUIRE(parse_json(text + "}", "f").size() == 200000);
}

TEST_CASE("numbers are written so that they read back as the same bits") {
  for (const double x : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0, 123456789012345678.0}) {
    const double back = parse_json(json_text(Json(x)), "f").get<double>();
    REQUIRE(std::signbit(back) == std::signbit(x));
    REQUIRE(back == x);
  }
}

TEST_CASE("what JSON cannot hold is written as a name or a replacement character, never as null") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Json value = {{"a", {std::nan(""), infinity, -infinity, 1}}};
  REQUIRE(json_text(value) == R"({"a":["NaN","Infinity","-Infinity",1]})");
  REQUIRE(json_text(Json("a\xff")) == "\"a\xEF\xBF\xBD\"");
}

TEST_CASE("text of a value, key or string, never acts on a terminal, and reads back as the same", "[hostile]") {
  std::mt19937 random(5);
  Index leaks = 0, losses = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Json value = {{to_valid_utf8(hostile_text(random)), to_valid_utf8(hostile_text(random))}};
    const std::string text = json_text(value);
    leaks += !objection(text).empty();
    losses += parse_json(text, "f") != value;
  }
  CHECK(leaks == 0);
  CHECK(losses == 0);
  CHECK(json_text(Json("\x1b\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81")) == R"("\u001b\u007f\u009b\u202e\udb40\udc01")");
  CHECK(json_text(Json("na\xc3\xafve"), 1) == "\"na\xc3\xafve\"");
}

TEST_CASE("a field of the wrong kind is refused with its path and what was found") {
  const Json document = parse_json(R"({"a":[{"n":7,"s":"x","h":1.5,"big":9223372036854775808}]})", "f");
  const JsonField item = JsonField(document, "f.json").at("a").at(0);
  REQUIRE(item.at("n").integer(0, 7) == 7);
  REQUIRE(item.at("h").number() == 1.5);
  REQUIRE(item.at("s").text() == "x");
  REQUIRE(item.has("n"));
  REQUIRE_FALSE(item.has("m"));
  REQUIRE(message_of([&] { item.at("n").integer(8, 9); }) == "f.json: a.0.n: expected an integer from 8 to 9, found 7");
  REQUIRE(message_of([&] { item.at("h").integer(0, 9); }) ==
          "f.json: a.0.h: expected an integer from 0 to 9, found 1.5");
  REQUIRE(message_of([&] { item.at("m"); }) == "f.json: a.0.m: missing");
  REQUIRE(message_of([&] { JsonField(document, "f.json").at("a").at(1); }) == "f.json: a.1: missing");
  REQUIRE(message_of([&] { item.at("s").boolean(); }) == "f.json: a.0.s: expected true or false, found \"x\"");
  REQUIRE(message_of([&] { item.text(); }) == "f.json: a.0: expected a string, found object");
  REQUIRE_FALSE(message_of([&] { item.at("big").integer(INT64_MIN, INT64_MAX); }).empty());
}

TEST_CASE("a file that is missing, or larger than allowed, is not read") {
  REQUIRE(message_of([] { read_json("/nonexistent/x.json"); }, Exit::missing_input).find("/nonexistent/x.json") == 0);
  const std::string path = "json_test_file.json";
  std::ofstream(path) << "[1, 2]";
  REQUIRE(read_json(path).size() == 2);
  REQUIRE(message_of([&] { read_json(path, {.bytes = 5, .depth = 4}); }).find(path + ": ") == 0);
  std::remove(path.c_str());
}

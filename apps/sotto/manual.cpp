// SPDX-License-Identifier: Apache-2.0 OR MIT
// The manual page, in the macros of man(7).
#include <fmt/format.h>

#include <algorithm>

#include "describe.hpp"
#include "node/limits.hpp"
#include "node/settings.hpp"

namespace sotto::app {
namespace {

/// "\[u2026]" for the UTF-8 sequence at the start, which is cut off: roff itself reads Latin-1.
std::string take_character(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = std::min<std::size_t>(lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2, text.size());
    unsigned value = lead & (0x7Fu >> length);
    for (const char c : text.substr(1, length - 1)) value = value << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
    text.remove_prefix(length);
    return fmt::format("\\[u{:04X}]", value);
}

/// Text as roff takes it: hyphens that can be copied, and no line that begins a request.
std::string roff(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const char c = text.front();
        if ((c & 0x80) != 0) {
            out += take_character(text);
            continue;
        }
        const bool line_begins = out.empty() || out.back() == '\n';
        if (line_begins && (c == '.' || c == '\'')) out += "\\&";
        if (c == '\\' || c == '-' || c == '"') {
            out += c == '\\' ? "\\e" : c == '-' ? "\\-" : "\\(dq";
        } else {
            out += c;
        }
        text.remove_prefix(1);
    }
    return out;
}

std::string bold(std::string_view text) {
    return "\\fB" + roff(text) + "\\fR";
}

std::string italic(std::string_view text) {
    return "\\fI" + roff(text) + "\\fR";
}

std::string flag_text(const FlagText& flag) {
    std::string names;
    for (const auto& name : flag.names) names += (names.empty() ? "" : ", ") + bold(name);
    if (!flag.value.empty()) names += " " + italic(flag.value);
    return fmt::format(".TP\n{}\n{}\n", names, roff(flag.help));
}

std::string synopsis(const VerbText& verb) {
    std::string text = verb.path;
    if (!verb.flags.empty()) text += " [flags]";
    for (const auto& argument : verb.arguments)
        text += argument.required ? " " + argument.name : " [" + argument.name + "]";
    return text;
}

std::string verb_section(const VerbText& verb) {
    auto text = fmt::format(".SS \"{}\"\n{}.\n", roff(synopsis(verb)), roff(verb.help));
    for (const auto& argument : verb.arguments)
        text += fmt::format(".TP\n{}\n{}\n", italic(argument.name), roff(argument.help));
    for (const auto& flag : verb.flags) text += flag_text(flag);
    return text;
}

std::string limits_section() {
    const node::Limits defaults;
    std::string text = ".SH LIMITS\nBounds that " + bold("--limit") + " sets, with their defaults.\n";
    for (const auto& info : node::limit_table()) {
        text += fmt::format(".TP\n{} {} {}\n{}\n",
                            bold(info.name),
                            node::limit_text(defaults.*info.field),
                            roff(info.unit),
                            roff(info.meaning));
    }
    return text;
}

std::string environment_section() {
    std::string text = ".SH ENVIRONMENT\n";
    for (const auto& info : node::setting_table())
        text += fmt::format(".TP\n{}\nas {}{}\n",
                            bold(node::variable_name(info.name)),
                            bold("--" + std::string(info.name)),
                            info.repeatable ? "; several are separated by commas" : "");
    text += fmt::format(".TP\n{}\nwhen not empty, nothing is coloured\n", bold("NO_COLOR"));
    text += fmt::format(".TP\n{}, {}\nset by the service manager, see\n.BR sd_notify (3)\n",
                        bold("NOTIFY_SOCKET"),
                        bold("WATCHDOG_USEC"));
    return text;
}

constexpr std::string_view kEnd = R"(.SH FILES
.TP
.I ~/.local/share/sotto
the data directory: identity, keys, stores, the word that the RPC asks for; its folder is $XDG_DATA_HOME where that is set
.TP
.I sotto.toml
in the data directory, or as \fB\-\-config\-file\fR says: every flag of \fBsotto run\fR but \-\-config\-file, \-\-check and \-\-print\-config is a key at the top level, an array where it may be repeated
.SH SIGNALS
.TP
SIGINT, SIGTERM
say goodbye to all peers and end; the second one ends at once
.TP
SIGHUP
read the settings file again: log level, log format, min-pow and limits take effect, the rest is named in the log
.SH EXIT STATUS
.TP
0
done
.TP
1
failed
.TP
2
wrong usage or settings
.SH EXAMPLES
.TP
sotto run
a node on both networks
.TP
sotto chat \(aq#lobby\(aq \-\-connect enode://...
talk in a public channel
.TP
sotto run \-\-check \-\-config\-file /etc/sotto/sotto.toml
whether a start would do
)";

}  // namespace

std::string manual(const CommandLine& all) {
    auto text = fmt::format(".TH SOTTO 1 \"\" \"Sotto {}\" \"User Commands\"\n", roff(SOTTO_VERSION));
    text += ".SH NAME\nsotto \\- private messages over libp2p and devp2p at once\n";
    text +=
        ".SH SYNOPSIS\n.B sotto\n.I verb\n.RI [ flags ]\n.RI [ arguments ]\n.SH DESCRIPTION\n" +
        roff(all.front().help) +
        ": a node and a client for Whisper v6.\nA flag wins over a variable of the environment, a variable over the "
        "settings file, and the file over the default.\n.SH VERBS\n";
    for (const auto& verb : all) {
        if (verb.verbs.empty()) text += verb_section(verb);
    }
    return text + limits_section() + environment_section() + std::string(kEnd);
}

}  // namespace sotto::app

// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/allowance.hpp"

#include <gtest/gtest.h>

namespace sotto::whisper {
namespace {

using namespace std::chrono_literals;

TimePoint at(Duration since_start) {
    return {since_start};
}

TEST(Allowance, TheScarcestOfPacketsEnvelopesAndBytesDecides) {
    Allowance allowance({.packets = 100, .envelopes = 10, .bytes = 1000});
    EXPECT_EQ(allowance.charge({1, 10}, at(0s)), 0s);
    EXPECT_EQ(allowance.charge({44, 10}, at(0s)), 500ms) << "five envelopes too many";
    Allowance narrow({.packets = 100, .envelopes = 10, .bytes = 1000});
    EXPECT_EQ(narrow.charge({1, 4250}, at(0s)), 250ms) << "250 bytes too many";
}

TEST(Allowance, WaitsAtMostASecondAndDropsWhatIsFarAbove) {
    Allowance allowance({.envelopes = 10});
    EXPECT_EQ(allowance.charge({55, 1}, at(0s)), 1s);
    EXPECT_EQ(allowance.charge({10, 1}, at(0s)), std::nullopt);
    EXPECT_EQ(allowance.charge({5, 1}, at(0s)), 1s) << "a dropped packet is not charged";
}

TEST(Allowance, SustainedTrafficPassesAtTheRate) {
    Allowance allowance({.envelopes = 100});
    TimePoint now{};
    double taken = 0;
    while (now < at(60s)) {
        const auto wait = allowance.charge({10, 1000}, now);
        if (wait) taken += 10;
        now = now + wait.value_or(1s) + 1ms;
    }
    EXPECT_NEAR(taken, 100 * 64, 100);
}

TEST(AddressAllowances, SessionsOfOneAddressShareAndANewOneDoesNotBeginAnew) {
    AddressAllowances addresses({.envelopes = 10});
    auto first = addresses.of("10.0.0.1");
    EXPECT_EQ(first, addresses.of("10.0.0.1"));
    EXPECT_NE(first, addresses.of("10.0.0.2"));
    (void)first->charge({45, 1}, at(0s));
    first.reset();
    addresses.sweep(at(1s));
    EXPECT_EQ(addresses.of("10.0.0.1")->charge({20, 1}, at(1s)), 1s);
    addresses.sweep(at(1min));
    EXPECT_EQ(addresses.size(), 0u);
}

TEST(Allowance, OtherRatesBeginAnewAndTheSameOnesForgiveNothing) {
    Allowance allowance({.envelopes = 10});
    EXPECT_EQ(allowance.charge({50, 1}, at(0s)), 1s);
    allowance.set_rates({.envelopes = 10});
    EXPECT_EQ(allowance.charge({20, 1}, at(0s)), std::nullopt) << "three seconds of debt";
    allowance.set_rates({.envelopes = 1'000});
    EXPECT_EQ(allowance.charge({4'000, 1}, at(0s)), 0s);
    EXPECT_EQ(allowance.charge({100, 1}, at(0s)), 100ms);
}

TEST(AddressAllowances, OtherRatesAreForThoseInUseToo) {
    AddressAllowances addresses({.envelopes = 10});
    const auto used = addresses.of("10.0.0.1");
    addresses.set_rates({.envelopes = 1});
    EXPECT_EQ(used->charge({5, 1}, at(0s)), 1s);
    EXPECT_EQ(addresses.of("10.0.0.2")->charge({5, 1}, at(0s)), 1s);
}

TEST(AddressAllowances, AnEmptyAddressIsExempt) {
    AddressAllowances addresses({.envelopes = 10});
    EXPECT_EQ(addresses.of(""), nullptr);
    EXPECT_EQ(addresses.size(), 0u);
}

}  // namespace
}  // namespace sotto::whisper

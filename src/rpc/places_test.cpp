// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/places.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sotto::rpc {
namespace {

class PlacesTest : public testing::Test {
  protected:
    /// One more connection; `lost` gets its number when it loses its place.
    std::unique_ptr<Place> connect(std::uint64_t most) {
        auto place = places.take(most);
        if (place) place->on_loss([this, number = next++] { lost.push_back(number); });
        return place;
    }
    Places places;
    int next = 0;
    std::vector<int> lost;
};

TEST_F(PlacesTest, ComeFreeWhenConnectionsEnd) {
    auto first = connect(2);
    const auto second = connect(2);
    first.reset();
    EXPECT_TRUE(connect(2));
    EXPECT_TRUE(lost.empty());
    EXPECT_EQ(places.taken(), 1u);
}

TEST_F(PlacesTest, AreTakenFromTheOldestThatHasNotProvenItself) {
    const auto proven = connect(4);
    proven->prove();
    const auto oldest = connect(4);
    const auto second = connect(4);
    const auto third = connect(4);
    const auto fourth = connect(4);
    EXPECT_EQ(lost, std::vector<int>{1});
    second->prove();
    const auto fifth = connect(4);
    EXPECT_EQ(lost, (std::vector<int>{1, 3}));
    EXPECT_EQ(places.taken(), 4u);
}

TEST_F(PlacesTest, AreRefusedWhenAllHaveProvenThemselves) {
    const auto first = connect(2);
    const auto second = connect(2);
    first->prove();
    second->prove();
    EXPECT_FALSE(connect(2));
    EXPECT_FALSE(connect(1)) << "fewer than there are: nobody is closed for that";
    EXPECT_TRUE(lost.empty());
    EXPECT_TRUE(connect(3));
}

TEST_F(PlacesTest, TellALoserThatWasNotYetListening) {
    const auto early = places.take(1);
    const auto second = connect(1);
    bool told = false;
    early->on_loss([&told] { told = true; });
    EXPECT_TRUE(told);
    EXPECT_EQ(places.taken(), 1u);
}

}  // namespace
}  // namespace sotto::rpc

// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

/// How each kind of multiaddr value is written: in text (without slashes around it) and in binary (without a length).
namespace sotto::multiaddr {

/// `validate` holds for all that may stand in an address; it is asked after `to_binary` too. `to_text` takes only what
/// is valid and of the protocol's size.
struct ValueForm {
    Result<Bytes> (*to_binary)(std::string_view text);
    std::string (*to_text)(BytesView value);
    Result<void> (*validate)(BytesView value);
};

extern const ValueForm kIp4Form;
extern const ValueForm kIp6Form;
extern const ValueForm kPortForm;
extern const ValueForm kCidrForm;
extern const ValueForm kNameForm;
extern const ValueForm kUnixForm;
extern const ValueForm kPeerForm;
extern const ValueForm kOnionForm;
extern const ValueForm kOnion3Form;
extern const ValueForm kGarlic64Form;
extern const ValueForm kGarlic32Form;
extern const ValueForm kCerthashForm;
extern const ValueForm kHttpPathForm;

}  // namespace sotto::multiaddr

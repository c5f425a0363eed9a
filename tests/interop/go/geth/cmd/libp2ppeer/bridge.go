// SPDX-License-Identifier: Apache-2.0 OR MIT

package main

import (
	"encoding/json"
	"strings"

	ethcrypto "github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/libp2p/go-libp2p/core/crypto"

	"sotto.invalid/interop/control"
	"sotto.invalid/interop/shh"
)

// startDevP2P puts the Whisper on devp2p too. The key must be secp256k1, the only kind that devp2p knows.
func startDevP2P(peer *shh.Peer, listen string, key crypto.PrivKey) (*p2p.Server, error) {
	raw, err := key.Raw()
	if err != nil {
		return nil, err
	}
	private, err := ethcrypto.ToECDSA(raw)
	if err != nil {
		return nil, err
	}
	return peer.StartServer("libp2ppeer/bridge", listen, private)
}

// byAddress gives a command to the network that its address belongs to.
func byAddress(devp2p, libp2p control.Commands) control.Commands {
	merged := control.Commands{}
	for name := range libp2p {
		merged[name] = func(raw control.Args) (any, error) {
			var args struct{ Addr string }
			if err := json.Unmarshal(raw, &args); err != nil {
				return nil, err
			}
			if strings.HasPrefix(args.Addr, "enode:") {
				return devp2p[name](raw)
			}
			return libp2p[name](raw)
		}
	}
	return merged
}

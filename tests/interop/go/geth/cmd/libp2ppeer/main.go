// SPDX-License-Identifier: Apache-2.0 OR MIT

// Command libp2ppeer is a go-libp2p v0.51.0 host (TCP, Noise, yamux) that carries go-ethereum v1.9.18's Whisper over
// /shh/6.0 streams and serves ping, identify, perf and echo.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"flag"
	"fmt"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"

	"sotto.invalid/interop/control"
	"sotto.invalid/interop/geth/whisper"
	"sotto.invalid/interop/shh"
)

func main() {
	listen := flag.String("listen", "/ip4/127.0.0.1/tcp/0", "multiaddr to listen on")
	keyType := flag.String("key-type", "secp256k1", "secp256k1, ed25519, rsa or ecdsa")
	key := flag.String("key", "", "secp256k1 private key in hex; a fresh key of -key-type when empty")
	agent := flag.String("agent", "go-libp2p", "what it calls itself, any bytes")
	minPoW := flag.Float64("min-pow", 0.002, "least proof of work, accepted and announced")
	countsWire := flag.Bool("count-wire", true, "count every envelope on the wire; off for measurements")
	devp2p := flag.String("devp2p", "", "address of a devp2p server for the same Whisper and key, which makes this a bridge")
	carriesShh := flag.Bool("shh", true, "carry Whisper; off for measurements of libp2p alone")
	verbosity := flag.Int("verbosity", 2, "log level of Whisper, 1 to 5; go-libp2p's is in GOLOG_LOG_LEVEL")
	flag.Parse()
	shh.LogToStderr(*verbosity)

	private, err := privateKey(*keyType, *key)
	if err != nil {
		control.Fatal(err)
	}
	h, err := newHost(private, libp2p.ListenAddrStrings(*listen), libp2p.UserAgent(*agent))
	if err != nil {
		control.Fatal(err)
	}
	serveEcho(h)
	servePerf(h)
	commands := []control.Commands{toolCommands(h), loadCommands(h)}
	enode := ""
	if *carriesShh {
		peer, err := shh.NewPeer(whisper.New, *minPoW, *countsWire)
		if err != nil {
			control.Fatal(err)
		}
		connecting := newSessions(h, peer.Links).commands()
		if *devp2p != "" {
			server, err := startDevP2P(peer, *devp2p, private)
			if err != nil {
				control.Fatal(err)
			}
			defer server.Stop()
			enode, connecting = server.Self().URLv4(), byAddress(shh.ServerCommands(server), connecting)
		}
		commands = append(commands, peer.Commands(), connecting)
	}
	control.Ready(enode, fullAddrs(h), h.ID().String())
	control.Serve(commands...)
	h.Close()
}

// newHost has no limits of its own: what the other end allows is what tests and measurements are about.
func newHost(private crypto.PrivKey, more ...libp2p.Option) (host.Host, error) {
	return libp2p.New(append(more,
		libp2p.Identity(private),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.ResourceManager(&network.NullResourceManager{}),
		libp2p.DisableRelay(),
		libp2p.DisableMetrics(),
	)...)
}

func privateKey(keyType, text string) (crypto.PrivKey, error) {
	if text != "" {
		raw, err := hex.DecodeString(text)
		if err != nil {
			return nil, err
		}
		return crypto.UnmarshalSecp256k1PrivateKey(raw)
	}
	kinds := map[string]int{
		"secp256k1": crypto.Secp256k1, "ed25519": crypto.Ed25519, "rsa": crypto.RSA, "ecdsa": crypto.ECDSA}
	kind, known := kinds[keyType]
	if !known {
		return nil, fmt.Errorf("no key type %q", keyType)
	}
	private, _, err := crypto.GenerateKeyPairWithReader(kind, 2048, rand.Reader)
	return private, err
}

func fullAddrs(h host.Host) (all []string) {
	for _, addr := range h.Addrs() {
		all = append(all, fmt.Sprintf("%s/p2p/%s", addr, h.ID()))
	}
	return all
}

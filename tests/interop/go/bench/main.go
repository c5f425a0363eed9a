// SPDX-License-Identifier: Apache-2.0 OR MIT

// Command gethbench is go-ethereum v1.17.5's p2p.Server with a protocol that only counts, and a source of load for any
// RLPx node. The protocol has three codes: 0 data; 1 a mark; 2 the answer to a mark, [messages, bytes] of data read
// since the session began.
package main

import (
	"flag"
	"log/slog"
	"os"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/log"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/enode"

	"sotto.invalid/interop/control"
)

const handshakeLoad = 10000 // more peers at once than any measurement makes

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	name := flag.String("protocol", "bench", "name of the protocol that counts")
	version := flag.Uint("version", 1, "its version")
	flag.Parse()
	log.SetDefault(log.NewLogger(log.NewTerminalHandlerWithLevel(os.Stderr, slog.LevelWarn, false)))

	key, err := crypto.GenerateKey()
	if err != nil {
		control.Fatal(err)
	}
	bench := newCounting(p2p.Cap{Name: *name, Version: *version})
	server := &p2p.Server{Config: p2p.Config{
		PrivateKey: key, Name: "gethbench/v1.17.5", ListenAddr: *listen, NoDiscovery: true,
		MaxPeers: handshakeLoad, MaxPendingPeers: handshakeLoad, Protocols: []p2p.Protocol{bench.protocol()},
	}}
	if err := server.Start(); err != nil {
		control.Fatal(err)
	}
	control.Ready(server.Self().URLv4(), nil, "")
	load := &load{capability: bench.capability}
	control.Serve(bench.commands(server), load.commands())
	server.Stop()
}

type addrArgs struct{ Addr string }

func (c *counting) commands(server *p2p.Server) control.Commands {
	return control.Commands{
		"connect": control.Decode(func(args addrArgs) (any, error) {
			node, err := enode.Parse(enode.ValidSchemes, args.Addr)
			if err != nil {
				return nil, err
			}
			server.AddPeer(node)
			return node.ID().String(), nil
		}),
		"peers":    func(control.Args) (any, error) { return server.PeersInfo(), nil },
		"accepted": func(control.Args) (any, error) { return c.sessions.Load(), nil },
		"flood":    control.Decode(c.flood),
	}
}

type floodArgs struct {
	Peer  string // enode id in hex
	Count int
	Size  int // bytes of a payload, 3 at least
}

// flood sends data and waits until the other end has read all of it.
func (c *counting) flood(args floodArgs) (any, error) {
	s, err := c.find(args.Peer)
	if err != nil {
		return nil, err
	}
	payload, err := payloadOf(args.Size)
	if err != nil {
		return nil, err
	}
	before, err := control.CPUSeconds()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	for range args.Count {
		if err := s.send(dataCode, payload); err != nil {
			return nil, err
		}
	}
	read, err := s.mark(5 * time.Minute)
	if err != nil {
		return nil, err
	}
	seconds := time.Since(began).Seconds()
	after, err := control.CPUSeconds()
	return map[string]any{"seconds": seconds, "cpuSeconds": after - before, "perSecond": float64(args.Count) / seconds,
		"readInSession": read.Messages}, err
}

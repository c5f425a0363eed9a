// SPDX-License-Identifier: Apache-2.0 OR MIT

package shh

import (
	"crypto/ecdsa"
	"flag"
	"os"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/log"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/enode"

	"sotto.invalid/interop/control"
)

// LogToStderr sends the log of go-ethereum to stderr: 1 errors, 2 warnings, 3 info, 4 debug, 5 trace.
func LogToStderr(level int) {
	log.Root().SetHandler(log.LvlFilterHandler(log.Lvl(level), log.StreamHandler(os.Stderr, log.TerminalFormat(false))))
}

// DevP2PMain is a whole program: Whisper on go-ethereum's p2p.Server.
func DevP2PMain(name string, build Build) {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	minPoW := flag.Float64("min-pow", 0.002, "least proof of work, accepted and announced")
	key := flag.String("key", "", "private key in hex; a fresh one when empty")
	countsWire := flag.Bool("count-wire", true, "count every envelope on the wire; off for measurements")
	verbosity := flag.Int("verbosity", 2, "log level, 1 to 5")
	flag.Parse()
	LogToStderr(*verbosity)

	peer, err := NewPeer(build, *minPoW, *countsWire)
	if err != nil {
		control.Fatal(err)
	}
	private, err := privateKey(*key)
	if err != nil {
		control.Fatal(err)
	}
	server, err := peer.StartServer(name, *listen, private)
	if err != nil {
		control.Fatal(err)
	}
	control.Ready(server.Self().URLv4(), nil, "")
	control.Serve(peer.Commands(), ServerCommands(server))
	server.Stop()
}

func privateKey(hex string) (*ecdsa.PrivateKey, error) {
	if hex == "" {
		return crypto.GenerateKey()
	}
	return crypto.HexToECDSA(hex)
}

// StartServer puts this Whisper on a devp2p server; it may be on other networks as well.
func (p *Peer) StartServer(name, listen string, key *ecdsa.PrivateKey) (*p2p.Server, error) {
	server := &p2p.Server{Config: p2p.Config{
		PrivateKey: key, Name: name, ListenAddr: listen, NoDiscovery: true, MaxPeers: 2000, MaxPendingPeers: 200,
		Protocols: []p2p.Protocol{p.devp2pProtocol()},
	}}
	return server, server.Start()
}

func (p *Peer) devp2pProtocol() p2p.Protocol {
	protocol := p.node.core.Protocols()[0]
	protocol.Run = func(peer *p2p.Peer, rw p2p.MsgReadWriter) error {
		info := PeerInfo{ID: peer.ID().String(), Name: peer.Name(), Address: peer.RemoteAddr().String(), Inbound: peer.Inbound()}
		return p.Links.Run(info, peer, rw)
	}
	return protocol
}

type addrArgs struct{ Addr string }

// ServerCommands are those of the devp2p side alone.
func ServerCommands(server *p2p.Server) control.Commands {
	onNode := func(run func(*enode.Node)) control.Handler {
		return control.Decode(func(args addrArgs) (any, error) {
			node, err := enode.Parse(enode.ValidSchemes, args.Addr)
			if err != nil {
				return nil, err
			}
			run(node)
			return node.ID().String(), nil
		})
	}
	return control.Commands{
		"connect":    onNode(server.AddPeer), // in the background; the session is an event
		"disconnect": onNode(server.RemovePeer),
	}
}

// SPDX-License-Identifier: Apache-2.0 OR MIT

// Package shh drives a whisperv6 implementation for a test. go-ethereum's and Status's have the same names in different
// packages, so everything goes through what they share: the JSON-RPC methods that applications use, and p2p.Protocol.
package shh

import (
	"context"
	"encoding/json"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/ethereum/go-ethereum/rpc"
)

// Core is implemented by *whisperv6.Whisper of both projects.
type Core interface {
	APIs() []rpc.API
	Protocols() []p2p.Protocol
	Start(*p2p.Server) error
	Stop() error
	AllowP2PMessagesFromPeer(peerID []byte) error
}

// Envelope is implemented by *whisperv6.Envelope of both projects.
type Envelope interface {
	rlp.Decoder
	Hash() common.Hash
}

// Build makes a Whisper, not started, and a function that lists its pool.
type Build func(minPoW float64) (Core, func() []Envelope)

// node is a running Whisper with its own RPC server in front.
type node struct {
	core Core
	pool func() []Envelope
	rpc  *rpc.Client
}

func start(build Build, minPoW float64) (*node, error) {
	core, pool := build(minPoW)
	server := rpc.NewServer()
	for _, api := range core.APIs() {
		if err := server.RegisterName(api.Namespace, api.Service); err != nil {
			return nil, err
		}
	}
	n := &node{core, pool, rpc.DialInProc(server)}
	if err := core.Start(nil); err != nil {
		return nil, err
	}
	var ok bool
	if err := n.rpc.Call(&ok, "shh_setMinPoW", minPoW); err != nil { // announces it and ends the tolerance of the default
		return nil, err
	}
	return n, nil
}

func (n *node) call(method string, args ...any) (any, error) {
	var result json.RawMessage
	err := n.rpc.CallContext(context.Background(), &result, method, args...)
	return result, err
}

func (n *node) text(method string, args ...any) (string, error) {
	var result string
	err := n.rpc.CallContext(context.Background(), &result, method, args...)
	return result, err
}

// encoded is the pool as hash -> RLP.
func (n *node) encoded() (map[common.Hash][]byte, error) {
	all := map[common.Hash][]byte{}
	for _, envelope := range n.pool() {
		bytes, err := rlp.EncodeToBytes(envelope)
		if err != nil {
			return nil, err
		}
		all[envelope.Hash()] = bytes
	}
	return all, nil
}

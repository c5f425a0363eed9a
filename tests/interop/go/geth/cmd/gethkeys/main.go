// SPDX-License-Identifier: Apache-2.0 OR MIT

// Command gethkeys is go-ethereum v1.9.18's accounts/keystore on a directory of key files:
//
//	gethkeys list DIR              the accounts, as JSON
//	gethkeys open DIR ADDRESS      opens one, and prints its secret in hex
//	gethkeys create DIR [light]    makes one, and prints its secret in hex
//
// The passphrase is all of standard input.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/ethereum/go-ethereum/accounts"
	"github.com/ethereum/go-ethereum/accounts/keystore"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

type account struct {
	Address string `json:"address"`
	File    string `json:"file"`
	Secret  string `json:"secret,omitempty"`
}

func open(store *keystore.KeyStore, wanted accounts.Account, passphrase string) (account, error) {
	found, err := store.Find(wanted)
	if err != nil {
		return account{}, err
	}
	content, err := os.ReadFile(found.URL.Path)
	if err != nil {
		return account{}, err
	}
	key, err := keystore.DecryptKey(content, passphrase)
	if err != nil {
		return account{}, err
	}
	return account{
		Address: hex.EncodeToString(key.Address[:]),
		File:    found.URL.Path,
		Secret:  hex.EncodeToString(crypto.FromECDSA(key.PrivateKey)),
	}, nil
}

func run(args []string) (any, error) {
	if len(args) < 2 {
		return nil, fmt.Errorf("usage: gethkeys list|open|create DIR [ADDRESS|light]")
	}
	n, p := keystore.StandardScryptN, keystore.StandardScryptP
	light := len(args) > 2 && args[2] == "light"
	if light {
		n, p = keystore.LightScryptN, keystore.LightScryptP
	}
	store := keystore.NewKeyStore(args[1], n, p)
	if args[0] == "list" {
		all := []account{}
		for _, known := range store.Accounts() {
			all = append(all, account{Address: hex.EncodeToString(known.Address[:]), File: known.URL.Path})
		}
		return all, nil
	}
	passphrase, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	switch {
	case args[0] == "open" && len(args) == 3:
		return open(store, accounts.Account{Address: common.HexToAddress(args[2])}, string(passphrase))
	case args[0] == "create" && (len(args) == 2 || light):
		made, err := store.NewAccount(string(passphrase))
		if err != nil {
			return nil, err
		}
		return open(store, made, string(passphrase))
	}
	return nil, fmt.Errorf("no such command: %q", args)
}

func main() {
	result, err := run(os.Args[1:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gethkeys:", err)
		os.Exit(1)
	}
}

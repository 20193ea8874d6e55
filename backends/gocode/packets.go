package gocode

import (
	"github.com/dave/jennifer/jen"
)

// packet is the variable of a packet.
func (l *loop) packet(i int) string { return l.names.lower(l.nodes[l.targets[i]].YAML) + "Packet" }

// packets quotes the packets that a piece of code names as variables of Run or
// of a branch.
func (l *loop) packets(code []jen.Code) []jen.Code {
	text := jen.Block(code...).GoString()
	var vars []jen.Code
	for i := range l.targets {
		if containsWord(text, l.packet(i)) {
			vars = append(vars, l.Gof("%s := l.Outs[%d]", l.packet(i), i))
		}
	}
	return vars
}

// mentions tells whether a piece of code names a variable.
func mentions(code []jen.Code, name string) bool {
	return containsWord(jen.Block(code...).GoString(), name)
}

func containsWord(text, word string) bool {
	isWord := func(c byte) bool {
		return c >= 0x80 || c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
	}
	for i := 0; i+len(word) <= len(text); i++ {
		if text[i:i+len(word)] == word && (i == 0 || !isWord(text[i-1])) && (i+len(word) == len(text) || !isWord(text[i+len(word)])) {
			return true
		}
	}
	return false
}

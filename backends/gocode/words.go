package gocode

import (
	"github.com/dave/jennifer/jen"
)

// outs quotes the packets as variables of Run or of a branch.
func (l *loop) outs(used map[int]bool) []jen.Code {
	var code []jen.Code
	for i := range l.targets {
		if used[i] {
			code = append(code, l.Gof("%s := l.Outs[%d]", l.packet(i), i))
		}
	}
	return code
}

// packet is the variable of a packet.
func (l *loop) packet(i int) string { return l.names.lower(l.nodes[l.targets[i]].YAML) + "Packet" }

// emitted is code with the packets that it names.
type emitted struct{ code []jen.Code }

// used finds which packets a piece of code names.
func (l *loop) used(e *emitted) map[int]bool {
	text := jen.Block(e.code...).GoString()
	used := map[int]bool{}
	for i := range l.targets {
		if containsWord(text, l.packet(i)) {
			used[i] = true
		}
	}
	return used
}

func containsWord(text, word string) bool {
	isWord := func(c byte) bool {
		return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
	}
	for i := 0; i+len(word) <= len(text); i++ {
		if text[i:i+len(word)] == word && (i == 0 || !isWord(text[i-1])) && (i+len(word) == len(text) || !isWord(text[i+len(word)])) {
			return true
		}
	}
	return false
}

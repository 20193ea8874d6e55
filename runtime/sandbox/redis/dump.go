package redis

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2/proto"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// databases is how many there are, as Redis comes.
const databases = 16

// The dump is commands that make what there was, one a line: lists of texts as JSON, each
// text in base64 since it may be any bytes.

// restore runs the commands of a dump.
func restore(address, file string) error {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	c, err := proto.Dial(address)
	if err != nil {
		return err
	}
	defer c.Close()
	d := json.NewDecoder(bufio.NewReader(f))
	for {
		var words [][]byte
		if err := d.Decode(&words); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		command := make([]string, len(words))
		for i, w := range words {
			command[i] = string(w)
		}
		if command[0] == "PEXPIREAT" { // a key that would be gone by now
			at, err := strconv.ParseInt(command[2], 10, 64)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if left := time.Until(time.UnixMilli(at)).Milliseconds(); left > 0 {
				command = []string{"PEXPIRE", command[1], strconv.FormatInt(left, 10)}
			} else {
				command = []string{"DEL", command[1]}
			}
		}
		if _, err := do(c, command...); err != nil {
			return fmt.Errorf("%s: %s: %w", file, command[0], err)
		}
	}
}

// do runs a command, and gives its answer as Go has it.
func do(c *proto.Client, command ...string) (any, error) {
	raw, err := c.Do(command...)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(raw, "-") {
		return nil, errors.New(strings.TrimSpace(raw[1:]))
	}
	answer, err := proto.Parse(raw)
	return known(answer), err
}

// known is an answer in which what is nothing is nil, as the parser does not have it.
func known(answer any) any {
	switch a := answer.(type) {
	case string:
		if a == proto.Nil || a == proto.NilList {
			return nil
		}
	case []any:
		for i := range a {
			a[i] = known(a[i])
		}
	}
	return answer
}

// list is an answer that is a list.
func list(c *proto.Client, command ...string) ([]any, error) {
	answer, err := do(c, command...)
	if err != nil {
		return nil, err
	}
	l, ok := answer.([]any)
	if !ok && answer != nil {
		return nil, fmt.Errorf("%s gave %T", command[0], answer)
	}
	return l, nil
}

// texts is an answer that is a list of texts.
func texts(c *proto.Client, command ...string) ([]string, error) {
	l, err := list(c, command...)
	if err != nil {
		return nil, err
	}
	return plain(l), nil
}

func plain(l []any) (all []string) {
	for _, v := range l {
		all = append(all, fmt.Sprint(v))
	}
	return all
}

// save writes a dump, and puts it in its place when it is whole.
func save(address string, login sandbox.Login, file string, log func(string, ...any)) error {
	c, err := proto.Dial(address)
	if err != nil {
		return err
	}
	defer c.Close()
	if login.Password != "" {
		command := []string{"AUTH", login.Password}
		if login.User != "" {
			command = []string{"AUTH", login.User, login.Password}
		}
		if _, err := do(c, command...); err != nil {
			return err
		}
	}
	f, err := os.Create(file + ".new")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	out := bufio.NewWriter(f)
	err = dump(c, out, log)
	if err == nil {
		err = out.Flush()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// dump writes the commands that make what is there.
func dump(c *proto.Client, out io.Writer, log func(string, ...any)) error {
	encode := json.NewEncoder(out)
	put := func(command ...string) error {
		words := make([][]byte, len(command))
		for i, w := range command {
			words[i] = []byte(w)
		}
		return encode.Encode(words)
	}
	for n := range databases {
		index := strconv.Itoa(n)
		if _, err := do(c, "SELECT", index); err != nil {
			return err
		}
		keys, err := texts(c, "KEYS", "*")
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			continue
		}
		if err := put("SELECT", index); err != nil {
			return err
		}
		for _, key := range keys {
			if err := dumpKey(c, key, put, log); err != nil {
				return fmt.Errorf("the key %q: %w", key, err)
			}
		}
	}
	return nil
}

// dumpKey writes the commands of one key. One that is gone by now has none.
func dumpKey(c *proto.Client, key string, put func(...string) error, log func(string, ...any)) error {
	kind, err := do(c, "TYPE", key)
	if err != nil {
		return err
	}
	var words []string
	switch kind {
	case "string":
		value, err := do(c, "GET", key)
		if err != nil || value == nil {
			return err
		}
		words = []string{"SET", key, fmt.Sprint(value)}
	case "hash":
		words, err = made(c, []string{"HSET", key}, "HGETALL", key)
	case "list":
		words, err = made(c, []string{"RPUSH", key}, "LRANGE", key, "0", "-1")
	case "set":
		words, err = made(c, []string{"SADD", key}, "SMEMBERS", key)
	case "zset":
		words, err = made(c, []string{"ZADD", key}, "ZRANGE", key, "0", "-1", "WITHSCORES")
		for i := 2; i+1 < len(words); i += 2 { // ZADD has the score first
			words[i], words[i+1] = words[i+1], words[i]
		}
	case "stream":
		if err := dumpStream(c, key, put); err != nil {
			return err
		}
	case "none":
		return nil
	default:
		log("the key %q is not kept: of %v nothing can be read", key, kind)
		return nil
	}
	if err != nil || kind != "stream" && words == nil {
		return err
	}
	if words != nil {
		if err := put(words...); err != nil {
			return err
		}
	}
	left, err := do(c, "PTTL", key)
	if err != nil {
		return err
	}
	if ms, ok := left.(int); ok && ms > 0 {
		return put("PEXPIREAT", key, strconv.FormatInt(time.Now().UnixMilli()+int64(ms), 10))
	}
	return nil
}

// made are the words of a command with those of an answer behind them, nil where that is
// empty.
func made(c *proto.Client, words []string, command ...string) ([]string, error) {
	more, err := texts(c, command...)
	if err != nil || len(more) == 0 {
		return nil, err
	}
	return append(words, more...), nil
}

// dumpStream writes the commands of a stream with its groups. What a group has not
// acknowledged comes again.
func dumpStream(c *proto.Client, key string, put func(...string) error) error {
	entries, err := list(c, "XRANGE", key, "-", "+")
	if err != nil {
		return err
	}
	for _, e := range entries {
		entry, ok := e.([]any)
		if !ok || len(entry) != 2 {
			return fmt.Errorf("an entry is %v", e)
		}
		fields, ok := entry[1].([]any)
		if !ok {
			return fmt.Errorf("an entry is %v", e)
		}
		if err := put(append([]string{"XADD", key, fmt.Sprint(entry[0])}, plain(fields)...)...); err != nil {
			return err
		}
	}
	groups, err := list(c, "XINFO", "GROUPS", key)
	if err != nil {
		return err
	}
	for _, g := range groups {
		name, last := "", ""
		switch g := g.(type) {
		case []any:
			for i := 0; i+1 < len(g); i += 2 {
				switch g[i] {
				case "name":
					name = fmt.Sprint(g[i+1])
				case "last-delivered-id":
					last = fmt.Sprint(g[i+1])
				}
			}
		case map[any]any:
			name, last = fmt.Sprint(g["name"]), fmt.Sprint(g["last-delivered-id"])
		}
		if name == "" || last == "" {
			return fmt.Errorf("a group is %v", g)
		}
		pending, err := list(c, "XPENDING", key, name)
		if err != nil {
			return err
		}
		if len(pending) > 1 && pending[1] != nil {
			if last, err = before(fmt.Sprint(pending[1])); err != nil {
				return err
			}
		}
		if err := put("XGROUP", "CREATE", key, name, last, "MKSTREAM"); err != nil {
			return err
		}
	}
	return nil
}

// before is the last id before one.
func before(id string) (string, error) {
	ms, seq, _ := strings.Cut(id, "-")
	m, err := strconv.ParseUint(ms, 10, 64)
	if err != nil {
		return "", err
	}
	s, err := strconv.ParseUint(seq, 10, 64)
	if err != nil {
		return "", err
	}
	switch {
	case s > 0:
		s--
	case m > 0:
		m, s = m-1, 1<<64-1
	}
	return fmt.Sprintf("%d-%d", m, s), nil
}

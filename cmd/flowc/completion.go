package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints the completion script of a shell, made from the command tree.
func (c completionCmd) Run(a *app) error {
	script := map[string]func(io.Writer, *kong.Application){"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Shell]
	var b strings.Builder
	script(&b, a.model)
	return a.answer("completion for "+c.Shell, map[string]string{"shell": c.Shell, "script": b.String()}, func(w io.Writer) { fmt.Fprint(w, b.String()) })
}

// flagsOf are the long flags of a command, the global ones included.
func flagsOf(n *kong.Node) []*kong.Flag {
	var out []*kong.Flag
	for _, group := range n.AllFlags(true) {
		out = append(out, group...)
	}
	return out
}

func bashCompletion(w io.Writer, m *kong.Application) {
	var commands []string
	fmt.Fprintln(w, "# bash completion for flowc: source <(flowc completion bash)")
	fmt.Fprintln(w, "_flowc() {")
	fmt.Fprintln(w, `  local cur=${COMP_WORDS[COMP_CWORD]} words=""`)
	fmt.Fprintln(w, `  if [[ $COMP_CWORD -eq 1 ]]; then`)
	for _, n := range m.Children {
		commands = append(commands, n.Name)
	}
	fmt.Fprintf(w, "    words=%q\n  else\n    case ${COMP_WORDS[1]} in\n", strings.Join(commands, " "))
	for _, n := range m.Children {
		var flags []string
		for _, f := range flagsOf(n) {
			flags = append(flags, "--"+f.Name)
		}
		fmt.Fprintf(w, "      %s) words=%q ;;\n", n.Name, strings.Join(flags, " "))
	}
	fmt.Fprintln(w, `    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ $cur != -* && $COMP_CWORD -gt 1 ]]; then
    COMPREPLY+=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _flowc flowc`)
}

func zshCompletion(w io.Writer, m *kong.Application) {
	fmt.Fprintln(w, "#compdef flowc\n# zsh completion for flowc: source <(flowc completion zsh)\n_flowc() {\n  local -a commands\n  commands=(")
	for _, n := range m.Children {
		fmt.Fprintf(w, "    '%s:%s'\n", n.Name, zshText(n.Help))
	}
	fmt.Fprintln(w, "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n  case $words[2] in")
	for _, n := range m.Children {
		fmt.Fprintf(w, "    %s)\n      _arguments", n.Name)
		for _, f := range flagsOf(n) {
			fmt.Fprintf(w, " \\\n        '--%s[%s]'", f.Name, zshText(f.Help))
		}
		fmt.Fprintln(w, " \\\n        '*:file:_files' ;;")
	}
	fmt.Fprintln(w, "  esac\n}\ncompdef _flowc flowc")
}

func zshText(s string) string {
	return strings.NewReplacer("'", "’", ":", "\\:", "[", "(", "]", ")").Replace(s)
}

func fishCompletion(w io.Writer, m *kong.Application) {
	fmt.Fprintln(w, "# fish completion for flowc: flowc completion fish | source")
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }
	for _, n := range m.Children {
		fmt.Fprintf(w, "complete -c flowc -n __fish_use_subcommand -f -a %s -d %s\n", n.Name, quote(n.Help))
		for _, f := range flagsOf(n) {
			fmt.Fprintf(w, "complete -c flowc -n '__fish_seen_subcommand_from %s' -l %s -d %s\n", n.Name, f.Name, quote(f.Help))
		}
	}
}

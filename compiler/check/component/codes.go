package component

import "github.com/flowc-dev/flowc/ir/diag"

// The codes of what can be wrong with components; their pages are in ir/diag.
const (
	codeNotFound  diag.Code = "component-not-found"
	codeBuild     diag.Code = "go-component-build"
	codeModule    diag.Code = "go-module"
	codeToolchain diag.Code = "go-toolchain"
	codeShape     diag.Code = "component-shape"
	codeMethod    diag.Code = "component-method"
	codeType      diag.Code = "component-type"
	codeConfig    diag.Code = "component-config"
	codeUntagged  diag.Code = "untagged-field"
	codeInput     diag.Code = "component-input"
)

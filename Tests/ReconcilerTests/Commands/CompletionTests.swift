import Foundation
import Testing

/// The completion scripts in the shells themselves; `scripts/install-dependencies` installs these for `make test`.
@Suite("Completions in shells")
struct CompletionTests {
    /// What is typed, and what must be among the completions.
    private static let cases = [
        ("profilectl pl", "plan"), ("profilectl plan --form", "--format"), ("profilectl plan x --format js", "json"),
        ("profilectl ap", "apply"), ("profilectl apply --targ", "--target"),
    ]

    private func script(_ shell: String, _ folder: TemporaryFolder, name: String) async throws {
        let script = try await Binary.run(["--generate-completion-script", shell], in: "/")
        try #require(script.exitCode == 0)
        try folder.write(name, script.output)
    }

    private func shell(_ name: String) throws -> String {
        let path = ["/bin/", "/usr/bin/"].map { $0 + name }.first { FileManager.default.isExecutableFile(atPath: $0) }
        return try #require(path, "`scripts/install-dependencies \(name)` installs it")
    }

    @Test("bash")
    func bash() async throws {
        let folder = try TemporaryFolder()
        try await script("bash", folder, name: "profilectl.bash")
        for (typed, expected) in Self.cases {
            let words = typed.split(separator: " ")
            let commands = """
                source profilectl.bash
                COMP_LINE='\(typed)' COMP_POINT=\(typed.count) COMP_CWORD=\(words.count - 1)
                COMP_WORDS=(\(words.joined(separator: " ")))
                _profilectl profilectl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
                printf '%s\\n' "${COMPREPLY[@]}"
                complete -p profilectl
                """
            let result = try await Binary.run(
                ["--norc", "--noprofile", "-c", commands], in: folder.path, program: try shell("bash"))
            let lines = result.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            #expect(lines.contains(expected), "\(typed): \(result.output)\(result.errors)")
            #expect(lines.last?.contains("-F _profilectl") ?? false)
            #expect(result.errors.isEmpty, "\(result.errors)")
        }
    }

    @Test("fish")
    func fish() async throws {
        let folder = try TemporaryFolder()
        try await script("fish", folder, name: "profilectl.fish")
        for (typed, expected) in Self.cases {
            let commands = "source profilectl.fish; complete --do-complete '\(typed)'"
            let result = try await Binary.run(
                ["--no-config", "-c", commands], in: folder.path, program: try shell("fish"))
            let lines = result.output.split(separator: "\n").map { $0.prefix { $0 != "\t" } }
            #expect(lines.contains { $0 == expected }, "\(typed): \(result.output)\(result.errors)")
        }
    }

    @Test("zsh")
    func zsh() async throws {
        let folder = try TemporaryFolder()
        try await script("zsh", folder, name: "_profilectl")
        // A second shell on a terminal of its own, to which a tab is typed: zsh completes nothing without one. What it
        // echoes must not look like its answers.
        let commands = """
            zmodload zsh/zpty
            zpty inner zsh -f -i
            ask() { zpty -w inner "$1"; zpty -r -m inner text "*$2*" }
            ask 'PROMPT=; fpath=(\(folder.path) $fpath); autoload -Uz compinit; compinit -u -D; print r""eady' ready
            ask 'tell() { zle complete-word; print -r -- "<g""ot:$BUFFER>"; BUFFER= }; print d""efined' defined
            ask 'zle -N tell; bindkey "^I" tell; print b""ound' bound
            for typed in "$@"; do
                zpty -w -n inner "$typed"$'\\t'
                zpty -r -m inner text '*<got:*>*'
                print -r -- "$text"
            done
            """
        let result = try await Binary.run(
            ["30", try shell("zsh"), "-f", "-c", commands, "zsh"] + Self.cases.map(\.0), in: folder.path,
            program: "/usr/bin/timeout")
        for (typed, expected) in Self.cases {
            let start = typed.split(separator: " ").dropLast().joined(separator: " ")
            #expect(result.output.contains("<got:\(start) \(expected) >"), "\(typed): \(result.output)\(result.errors)")
        }
    }
}

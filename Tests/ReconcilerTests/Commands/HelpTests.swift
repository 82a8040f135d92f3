import ArgumentParser
import Foundation
import Testing

@testable import profilectl

@Suite("Help and wrong usage")
struct HelpTests {
    private static let commands: [any ParsableCommand.Type] = all(below: Profilectl.self)

    private static func all(below command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        [command] + command.configuration.subcommands.flatMap { all(below: $0) }
    }

    /// The lines below `Examples:`.
    private static func examples(_ command: any ParsableCommand.Type) -> [String] {
        let lines = command.configuration.discussion.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(of: "Examples:") else { return [] }
        return lines[(start + 1)...].prefix { $0.hasPrefix("  ") }.map(String.init)
    }

    /// The words of a shell command behind `profilectl`, up to a comment or a redirection; `nil` if it is another one.
    private static func arguments(_ line: String) -> [String]? {
        var words: [String] = []
        var word = ""
        var quote: Character?
        for character in line + " " {
            if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character != " " {
                word.append(character)
            } else if !word.isEmpty {
                words.append(word)
                word = ""
            }
        }
        guard let start = words.firstIndex(of: "profilectl") else { return nil }
        return Array(words[(start + 1)...].prefix { !["#", ">", "|"].contains($0) })
    }

    @Test("every command has an example, and all examples can be parsed")
    func examples() throws {
        #expect(Self.commands.count >= 10)
        for command in Self.commands {
            let name = command.configuration.commandName ?? ""
            let examples = Self.examples(command)
            #expect(examples.contains { Self.arguments($0) != nil }, "\(name) has no example")
            for line in command.configuration.discussion.split(separator: "\n") {
                #expect(line.count <= 79, "an 80-column terminal breaks the line: \(line)")
            }
            for example in examples {
                guard let arguments = Self.arguments(example) else { continue }
                let parsed = try Profilectl.parseAsRoot(arguments)
                let isOwn =
                    command == Profilectl.self || type(of: parsed) == command
                    || command.configuration.subcommands.contains { $0 == type(of: parsed) }
                #expect(isOwn, "\(example) is an example of another command than \(name)")
            }
        }
    }

    @Test(
        "an unknown command or option is answered with the nearest one, and exit code 64",
        arguments: [
            (["plna"], "Did you mean 'plan'?"), (["help", "aply"], "Did you mean 'apply'?"),
            (["nonsense"], "The commands of profilectl are validate, plan"),
            (["plan", "x", "--formt", "json"], "'--format'"),
            (["plan", "x", "--tagret", "eid:1"], "'--target'"),
            (["plan", "x", "--target", "sat:a"], "did you mean `set`?"),
            (["status", "1", "--target", "eid:1"], "give the one or the other"),
        ])
    func nearest(arguments: [String], words: String) async throws {
        let result = try await Binary.run(arguments, in: "/")
        #expect(result.exitCode == 64)
        #expect(result.errors.contains(words), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test(
        "a duration that is none is answered with what one looks like",
        arguments: [
            ["apply", "x", "--timeout", "soon"], ["plan", "x", "--refresh-timeout", "5"],
            ["serve", "x", "--refresh-every", "6 hours"], ["apply", "x", "--callback-deadline", "3x"],
            ["simulate", "x", "--latency", "1,5s"],
        ])
    func duration(arguments: [String]) throws {
        let error = try #require(throws: (any Error).self) { try Profilectl.parseAsRoot(arguments) }
        let message = Profilectl.message(for: error)
        #expect(message.contains("`\(arguments[2]) ") || message.contains("'\(arguments[2]) "), "\(message)")
        #expect(message.hasSuffix("expected a duration such as 30s, 15m or 6h."), "\(message)")
    }

    @Test("the duration that holds without an option is shown as it would be written")
    func defaultDurations() {
        let help = Profilectl.helpMessage(for: ApplyCommand.self, columns: 200)
        for text in ["(default: 1h)", "(default: 300ms)", "(default: 0s)", "(default: 40m)"] {
            #expect(help.contains(text), "\(text)")
        }
    }

    @Test("what is a command, an option or a question of a shell is left to the argument parser")
    func known() {
        for arguments in [
            [], ["plan"], ["--help"], ["help"], ["help", "plan"], ["plan", "plna"],
            ["--generate-completion-script", "zsh"],
            ["---completion", "plan", "--", "x"], ["--version"],
        ] {
            #expect(UnknownCommand.complaint(about: arguments, of: Profilectl.self) == nil, "\(arguments)")
        }
    }
}

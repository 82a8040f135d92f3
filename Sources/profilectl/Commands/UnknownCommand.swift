import ArgumentParser
import Reconciler

/// A word where a command was expected, and which is none. The argument parser would call it an unexpected argument.
enum UnknownCommand {
    /// What is wrong, with the command that was probably meant; `nil` if the words begin with a command, or with none
    /// at all.
    static func complaint(about arguments: [String], of root: any ParsableCommand.Type) -> String? {
        // What shells ask for has words of its own.
        if let first = arguments.first, first.hasPrefix("---") || first == "--generate-completion-script" { return nil }
        var commands = root.configuration.subcommands
        var path = name(of: root)
        // Options of a command that has commands below it take no value.
        for word in arguments where !word.hasPrefix("-") && word != "help" {
            if commands.isEmpty { return nil }
            guard let command = commands.first(where: { isName(word, of: $0) }) else {
                return complaint(about: word, among: commands, of: path)
            }
            commands = command.configuration.subcommands
            path += " " + name(of: command)
        }
        return nil
    }

    private static func complaint(
        about word: String, among commands: [any ParsableCommand.Type], of path: String
    ) -> String {
        let names = commands.filter { $0.configuration.shouldDisplay }.map { name(of: $0) }
        let hint =
            NearestWord.to(word, among: names).map { "Did you mean '\($0)'?" }
            ?? "The commands of \(path) are \(names.joined(separator: ", "))."
        return "Unknown command '\(word)'. \(hint)"
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? "\(command)"
    }

    private static func isName(_ word: String, of command: any ParsableCommand.Type) -> Bool {
        name(of: command) == word || command.configuration.aliases.contains(word)
    }
}

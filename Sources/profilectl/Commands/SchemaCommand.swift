import ArgumentParser
import Reconciler

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Prints the JSON Schema of the YAML, so that editors complete and check it.",
        discussion: """
            Keep it beside the manifests and name it in their first line, by its path
            from the manifest:
              # yaml-language-server: $schema=schema/profileset.json

            Examples:
              profilectl schema
              profilectl schema > schema/profileset.json
              profilectl schema --settings > schema/settings.json
            """)

    @Flag(help: "The schema of the settings file, profilectl.yaml.")
    var settings = false

    func run() throws {
        let document = try (settings ? SettingsShape.schema : ManifestShape.schema).document()
        try StandardOutput.write { try $0.bytes(Array(document.utf8)) }
    }
}

# bash completion for tocsin and tocsind: the programs say what may follow.

_tocsin()
{
	local IFS=$'\n'
	COMPREPLY=($("${COMP_WORDS[0]}" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null))
	[[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
	return 0
}

_tocsind()
{
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	case $before in
	--log-level) COMPREPLY=($(compgen -W "debug info warn error" -- "$current")) ;;
	--data | --rules | --share) COMPREPLY=($(compgen -d -- "$current")) ;;
	--listen) COMPREPLY=($(compgen -W "unix: tcp:127.0.0.1:" -- "$current")) ;;
	*)
		[[ $current == -* ]] && COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" --help 2> /dev/null |
			sed -n 's/^  \(--[a-z-]*\).*/\1/p')" -- "$current"))
		;;
	esac
	return 0
}

complete -o default -F _tocsin tocsin
complete -o default -F _tocsind tocsind
